/*
 * The integer screen of brute force: rows and centers as whole numbers, near ones measured in float32.  What the numbers do not
 * say is bounded (docs/algorithms/integer.md), so that a center beyond a row's margin cannot be its nearest.
 */
#ifndef CVI_ASSIGN_INTEGER_H
#define CVI_ASSIGN_INTEGER_H

#include "assign/strategy.h"

typedef struct cvi_integer_state cvi_integer_state;

/* Can rows be kept as whole numbers, within the accelerators' budget? */
bool cvi_integer_suits(const cvi_problem *problem);

/* Is it expected to be faster than float32?  Not where rows have clusters: many centers are then too near each other. */
bool cvi_integer_pays(const cvi_problem *problem);

cvi_integer_state *cvi_integer_take(const cvi_problem *problem, int threads, cvi_arena *arena);

/* A run begins. Rows are the same in all of them: what is known of them is kept. */
void cvi_integer_start(cvi_integer_state *state, const cvi_problem *problem);

/* The centers of a pass; packed: the same for the float32 screens. */
void cvi_integer_pack(cvi_integer_state *state, const double *centers, const cvi_packed32 *packed);

/* Is the next block of this worker worth a look?  Not if centers are out of range, or rows were left with many of them. */
bool cvi_integer_worth(cvi_integer_state *state, int worker);

/* Are the whole numbers of the tile (64 rows) there?  Else they must be made, from a float32 tile [d][64] of the rows. */
bool cvi_integer_loaded(const cvi_integer_state *state, int64_t tile);
void cvi_integer_load(cvi_integer_state *state, const cvi_problem *problem, int64_t tile, const float *points, const float *sqnorm);

/* A worker looks at up to CVI_INTEGER_AHEAD tiles before it settles them in float32: their rows are under way meanwhile. */
enum { CVI_INTEGER_AHEAD = 4 };

/* Score the tile's first `count` rows, in one of the worker's places, and ask for those that several centers may own or that
 * have another label than before. */
void cvi_integer_screen(cvi_integer_state *state, const cvi_problem *problem, int64_t tile, int64_t count, const int32_t *labels,
                        int worker, int place);

/* Nothing is known of that tile. */
void cvi_integer_skip(cvi_integer_state *state, int worker, int place);

/* Does settling read rows? */
bool cvi_integer_reads(const cvi_integer_state *state, int worker, int place);

/* What the place has of its tile, the block: labels, and in open near ties, whose labels are unspecified.
 * False: nothing, or so many candidates that float32 scores of all centers cost less. */
bool cvi_integer_settle(cvi_integer_state *state, const cvi_problem *problem, const cvi_block *block, int worker, int place,
                        int32_t *label, uint64_t *open);

#endif
