/*
 * The course of a fit: pass by pass, the strategy that the plan chose or brute force beside it, whichever is faster.
 *
 * The plan (plan.c) chooses by shape before anything has run.  A pass is the strategy's where it says that it is ready
 * (labels are there to sort by, few rows still move); and the clock checks that model: a strategy whose passes turn out slower
 * than brute force rests for 8 passes, then 16, and so on, because fewer rows move in later passes.  Labels are the same either
 * way, so the clock decides about time alone.
 */
#ifndef CVI_ASSIGN_COURSE_H
#define CVI_ASSIGN_COURSE_H

#include "assign/strategy.h"

typedef struct cvi_course {
    const cvi_strategy *strategy;
    void *state;
    const cvi_strategy *plain; /* brute force, in whole numbers where those pay */
    void *beside;              /* its state; NULL: every pass is the strategy's */
    cvi_history history;
    bool follows;              /* the strategy made the last pass: its state belongs to the labels */
    int64_t made, made_beside; /* passes of the fit, over all runs; those of brute force among them */
    int64_t slow;              /* steady passes of the strategy in a row that took longer than brute force */
    int64_t rest, rest_until;  /* passes: the last rest; the strategy may run again when so many were made */
    int64_t rests;
    double first;                   /* seconds of the fit's first pass */
    double seconds, seconds_beside; /* of the last steady pass; 0: none yet */
} cvi_course;

/* Memory of the strategy, and of brute force beside it where that can take its place; NULL arena base while measuring. */
void cvi_course_take(cvi_course *course, const cvi_strategy *strategy, const cvi_problem *problem, int threads, cvi_arena *arena);

/* A run begins. */
void cvi_course_start(cvi_course *course, const cvi_problem *problem);

/* One pass, as cvi_strategy's. */
bool cvi_course_pass(cvi_course *course, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts);

/* Tests only: in place of the clock, and then for pinned plans too. */
extern double (*cvi_course_test_clock)(void);

#endif
