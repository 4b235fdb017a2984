/* What a sink is inside: writers use covey_sink_write and these shortcuts. */
#ifndef CVI_IO_SINK_H
#define CVI_IO_SINK_H

#include "covey/io.h"

/* @return the name of the sink for messages. */
const char *cvi_io_sink_name(const covey_sink *sink);

#endif
