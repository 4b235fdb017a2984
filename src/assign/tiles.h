/*
 * Tiles with a gap bound per (tile, center): what the files tiles*.c share.  The idea stands in tiles.c.
 *
 * All lengths are in the screens' units, 2^-p of the data's (pack.c).
 */
#ifndef CVI_ASSIGN_TILES_H
#define CVI_ASSIGN_TILES_H

#include "assign/kd.h"
#include "assign/strategy.h"

enum {
    CVI_TILE_OWNERS = 8,
    CVI_TILE_MOVES = 32, /* rows on the move that are under way from memory */
    CVI_TILE_RIVALS = 4  /* groups of 8 centers among which near ties are decided */
};

/* A tile: 64 rows that had the same label, or neighboring ones, when the rows were sorted. */
typedef struct cvi_tile {
    double drift;    /* Q: sum over the passes of the largest move among the owners' */
    double reach;    /* U - Q: no row was farther from its center than U when they were last measured */
    float sqnorm;    /* largest |x|^2 */
    bool wild;       /* a row is out of the screens' range: the canonical score decides the whole tile */
    int8_t n_owners; /* different labels in the tile */
    int32_t owners[CVI_TILE_OWNERS]; /* the first of them */
} cvi_tile;

/* A row that has a new label and must still change its cluster's sum. */
typedef struct cvi_tile_move {
    int64_t row;
    int32_t before, after;
} cvi_tile_move;

typedef struct cvi_tile_worker {
    cvi_block block, one; /* a tile's rows; a row on the move */
    float *points;        /* [d][64] and |x|^2 [64], where tiles keep no copy */
    double *exact;        /* [8][ld64] */
    double *rivals;       /* [CVI_TILE_RIVALS][d][8] centers that may own a row of a near tie */
    double *rival_sqnorm; /* [CVI_TILE_RIVALS][8] */
    float *low, *high;    /* [d] */
    float *mean;          /* [d] */
    float *score;         /* [16 groups] */
    float *gap;           /* [16 groups] */
    int32_t *list, *hit;  /* [16 groups] */
    int64_t *seen;        /* [k] stamp of the tile in which a label was last met */
    int64_t stamp;
    int32_t owners[CVI_TILE + 1]; /* one is written ahead */
    int64_t n_hits;               /* centers in hit */
    cvi_tile_move moves[CVI_TILE_MOVES];
    int64_t n_moves;
    int64_t distances, repaired, changed, skipped;
} cvi_tile_worker;

typedef struct cvi_tiles {
    cvi_packed32 packed32;
    cvi_packed64 packed64;
    cvi_tile_centers centers;
    float *rows32;      /* [k][d] behind centers */
    float *half_sqnorm; /* [16 groups] behind centers, duplicates included */
    int32_t *order;     /* [k] scratch */
    cvi_kd_key *keys; /* [k] scratch */
    double *drift;      /* P: [k] moves of each center, added up */
    double *before;     /* [k][d] centers of the last pass */
    float *drift32;     /* [16 groups] P rounded up; padding 0 */
    float *scan32;      /* [16 groups] the same, -inf for centers that repeat an earlier one */
    float *zeros32;     /* [16 groups] */
    float *moved32;     /* [k] moves since the last pass, rounded up */
    float *bounds;      /* B: [tiles][16 groups] */
    cvi_tile *tiles;    /* [tiles] */
    int32_t *rows;      /* [n] sorted position -> row */
    int32_t *labels;    /* [64 tiles] of the last pass, in sorted order */
    float *points;      /* [tiles][d + 1][64], the last line |x|^2; NULL: read anew from the rows */
    int64_t *starts;    /* [threads][k] of the sort */
    cvi_tile_worker *workers;
    int64_t n, n_tiles, kpad, ld64, grain, sort_rows;
    double margin;            /* of the canonical rounding: margin * (|x| + U + shift) */
    double shift;             /* |mean - mean32| */
    double loss;              /* relative error of a float32 half score, (d + 4) 2^-24 */
    int64_t open;             /* rows that the last pass left to the canonical score */
    int64_t changed, skipped; /* rows, tiles of the last pass */
    int passes;               /* over tiles, in this run so far */
    int sorted;               /* how many of them came before the rows were sorted */
    bool built;               /* tiles, labels and bounds belong to the last pass */
} cvi_tiles;

typedef struct cvi_tiles_pass {
    cvi_tiles *state;
    const cvi_problem *problem;
    int32_t *labels;
    cvi_sums *sums;
    bool fresh; /* the rows have just been sorted: no bounds yet */
} cvi_tiles_pass;

/* state->rows and state->labels from labels [n]: rows with the same label side by side in their own order,
 * labels in that of state->order. */
bool cvi_tiles_sort(cvi_tiles *state, const cvi_problem *problem, const int32_t *labels);

/* A task of a pass: state->grain tiles. */
void cvi_tiles_visit(void *context, int64_t index, int worker);

#endif
