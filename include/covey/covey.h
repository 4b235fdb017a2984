/**
 * @file covey.h
 * Exact, reproducible k-means: the one header to include.
 */
#ifndef COVEY_COVEY_H
#define COVEY_COVEY_H

#include "matrix.h"
#include "metrics.h"
#include "model.h"
#include "options.h"
#include "progress.h"
#include "random.h"
#include "status.h"

#endif
