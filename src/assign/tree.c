/*
 * Few features: rows in boxes, boxes in a tree.
 *
 * Rows are sorted along a space-filling curve and cut into leaves of 64; four neighboring nodes make one of
 * the level above.  A node knows the box of its rows and their exact sums.  A pass walks down from the root
 * with the centers that may own a row of the node: the bisector test drops the others for the whole box.
 * Where one is left it owns the node as a whole, and the node's sums move; a leaf with several is scored row
 * by row, canonically.  What owns a node is remembered, so a node that keeps its owner costs nothing but the
 * test. Sources: D. Pelleg & A. Moore, "Accelerating exact k-means algorithms with geometric reasoning", KDD
 * 1999; T. Kanungo et al., "An efficient k-means clustering algorithm", IEEE PAMI 24 (2002).
 * docs/algorithms/tree.md
 *
 * Building costs a sort of the rows, so with few centers the first passes may be left to brute force.
 */
#include "assign/strategy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LEAF = CVI_TILE, FAN = 4, MAX_LEVELS = 16, STACK_LISTS = 6, NO_OWNER = -1, MIXED = -2 };

/* Nodes above leaves with at most so many candidates wait, with lists for their leaves, until rows have come from memory. */
enum { FEW = 32, FEW_STRIDE = FEW + 8, BATCHES = 4 };

typedef struct waiting {
    double *room; /* [FAN][2 + d][FEW_STRIDE] */
    int64_t node; /* of level 1; -1: none */
    cvi_tree_list lists[FAN];
} waiting;

typedef struct worker {
    cvi_block block;
    double *x;         /* [d][64] rows of a leaf in the frame */
    uint64_t *q;       /* [levels][d] and mass: an accumulator */
    double *stack;     /* lists of candidates along the way down */
    int64_t top, room; /* doubles */
    waiting wait[2];   /* one waits while lists are made for the other */
    int turn;          /* the one that waits */
    int64_t changed, distances;
} worker;

typedef struct tree {
    int64_t n, d, k;
    int64_t levels, start[MAX_LEVELS], count[MAX_LEVELS]; /* level 0: leaves */
    int64_t task_level;
    bool weighted;
    int64_t words, stored;  /* 64-bit words of q, and of q and mass */
    cvi_curve *curve;       /* rows along it; a leaf is a tile */
    int32_t *label;         /* [leaves][64] their labels, valid in leaves whose owner is MIXED */
    double *boxes;          /* [nodes][2][d] in the frame */
    uint64_t *sums;         /* [nodes][stored] */
    int32_t *owner;         /* [nodes] the label of all rows, NO_OWNER before the first pass, or MIXED */
    double *centers;        /* [2 + d][stride] the list of all centers */
    int64_t stride;
    bool built;
    int64_t passes; /* of this run */
    worker *workers;
} tree;

typedef struct pass {
    tree *t;
    const cvi_problem *problem;
    int32_t *labels;
    cvi_sums *sums;
    cvi_tree_list all;
    bool unlabelled; /* while building: no row has a label yet */
} pass;

/* --- plan
 * ------------------------------------------------------------------------------------------------------- */

static void set_shape(tree *t, const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    t->n = rows->n;
    t->d = rows->d;
    t->k = problem->k;
    t->weighted = rows->weights != NULL;
    t->words = problem->frame->grid.levels * t->d;
    t->stored = t->words + (t->weighted ? CVI_MAX_LEVELS : 0);
    t->stride = (t->k + 7) / 8 * 8 + 8;
    int64_t nodes = (t->n + LEAF - 1) / LEAF, start = 0;
    for (t->levels = 0;; nodes = (nodes + FAN - 1) / FAN) {
        t->start[t->levels] = start;
        t->count[t->levels] = nodes;
        start += nodes;
        t->levels++;
        if (nodes == 1)
            break;
    }
}

static int64_t n_nodes(const tree *t)
{
    return t->start[t->levels - 1] + 1;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    tree *state = cvi_arena_take(arena, 1, sizeof *state);
    tree t = {0};
    set_shape(&t, problem);
    const int64_t leaves = t.count[0], d = t.d;
    t.curve = cvi_curve_share(problem->curve, problem->rows, threads, arena);
    t.label = cvi_arena_take(arena, leaves * LEAF, sizeof *t.label);
    t.boxes = cvi_arena_take(arena, n_nodes(&t), 2 * (size_t)d * sizeof(double));
    t.sums = cvi_arena_take(arena, n_nodes(&t), (size_t)t.stored * sizeof(uint64_t));
    t.owner = cvi_arena_take(arena, n_nodes(&t), sizeof *t.owner);
    t.centers = cvi_arena_take(arena, (2 + d) * t.stride, sizeof(double));
    t.workers = cvi_arena_take(arena, threads, sizeof *t.workers);
    for (int i = 0; i < threads; i++) {
        worker w = {.room = (STACK_LISTS * t.stride + BATCHES * FAN * FEW_STRIDE) * (2 + d)};
        cvi_block_take(&w.block, problem->rows, arena);
        w.x = cvi_arena_take(arena, d * LEAF, sizeof(double));
        w.q = cvi_arena_take(arena, t.words + CVI_MAX_LEVELS, sizeof(uint64_t));
        w.stack = cvi_arena_take(arena, w.room, sizeof(double));
        for (int a = 0; a < 2; a++)
            w.wait[a] = (waiting){.room = cvi_arena_take(arena, FAN * (2 + d) * FEW_STRIDE, sizeof(double)), .node = -1};
        if (t.workers != NULL)
            t.workers[i] = w;
    }
    if (state != NULL)
        *state = t;
    return state;
}

/* By name it runs on anything that fits the types and the budget. */
static bool suits(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    if (rows->kind == CVI_ROWS_CSR || rows->d > CVI_ORDER_MAX_D || rows->n > INT32_MAX - LEAF)
        return false;
    return cvi_plan_affords(&cvi_tree, problem, true);
}

static bool pays(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    if (rows->d > 3 || rows->n < 4096 || problem->k < 4 || rows->n < 8 * problem->k)
        return false; /* from four features on most leaves keep many candidates */
    if (problem->passes < 4 && problem->k < 64)
        return false; /* over before the sort has paid */
    return cvi_plan_affords(&cvi_tree, problem, false);
}

/* Is the tree worth its sort?  Its first pass is cheap, because whole nodes are added to the sums; only where
 * brute force is as cheap (three features, few centers) a fit has to show that it goes on. */
static bool ready(void *state, const cvi_problem *problem, const double *centers, const cvi_history *history)
{
    const tree *t = state;
    (void)centers;
    return t->built || problem->job->run.plan != NULL || problem->k >= 16 || problem->rows->d <= 2 || history->passes >= 3;
}

/* --- building
 * --------------------------------------------------------------------------------------------------- */

/* Row numbers of a node along the curve: first, and how many. */
static int64_t node_rows(const tree *t, int64_t level, int64_t i, int64_t *first)
{
    *first = i * LEAF << 2 * level;
    const int64_t most = (int64_t)LEAF << 2 * level;
    return t->n - *first < most ? t->n - *first : most;
}

/* The rows of a leaf in the frame, [d][64]; columns behind the last row repeat it. */
static void load_leaf(const pass *p, int64_t leaf, double *x)
{
    cvi_curve_load(p->t->curve, p->problem->kernels, leaf, p->problem->rows->mean, x);
}

/* Sums of some rows of a leaf, whose values are in w->x, into w->q. */
static void sum_rows(const pass *p, worker *w, int64_t leaf, uint64_t rows)
{
    const tree *t = p->t;
    memset(w->q, 0, (size_t)t->stored * sizeof *w->q);
    if (!t->weighted) {
        p->problem->kernels->tree_sums(&p->problem->frame->grid, w->x, rows, w->q);
        return;
    }
    int64_t count = 0;
    for (; rows != 0; rows &= rows - 1)
        cvi_sums_change(p->sums, p->problem->rows, t->curve->order[leaf * LEAF + __builtin_ctzll(rows)], &w->block,
                        1, w->q, w->q + t->words, &count);
}

/* Behind the last row of a leaf its label stands again. */
static void pad_labels(int32_t *label, int64_t count)
{
    for (int64_t i = count; i < LEAF; i++)
        label[i] = label[count - 1];
}

/* The common owner of rows with these labels. */
static int32_t common_label(const int32_t *label, int64_t count)
{
    int32_t differ = 0;
    for (int64_t i = 1; i < count; i++)
        differ |= label[i] ^ label[0];
    return differ == 0 ? label[0] : MIXED;
}

static void build_leaf(const pass *p, worker *w, int64_t leaf)
{
    tree *t = p->t;
    const int64_t count = cvi_curve_rows(t->curve, leaf), d = t->d;
    cvi_curve_fill(t->curve, p->problem->rows, leaf);
    load_leaf(p, leaf, w->x);
    p->problem->kernels->tree_box(w->x, d, t->boxes + leaf * 2 * d);
    sum_rows(p, w, leaf, UINT64_MAX >> (LEAF - count));
    memcpy(t->sums + leaf * t->stored, w->q, (size_t)t->stored * sizeof *w->q);
    t->owner[leaf] = NO_OWNER;
    if (p->unlabelled)
        return;
    for (int64_t i = 0; i < count; i++)
        t->label[leaf * LEAF + i] = p->labels[t->curve->order[leaf * LEAF + i]];
    pad_labels(t->label + leaf * LEAF, count);
    t->owner[leaf] = common_label(t->label + leaf * LEAF, LEAF);
}

static int32_t common_owner(const tree *t, int64_t level, int64_t i)
{
    const int32_t *below = t->owner + t->start[level - 1];
    const int64_t end = (i + 1) * FAN < t->count[level - 1] ? (i + 1) * FAN : t->count[level - 1];
    return common_label(below + i * FAN, end - i * FAN);
}

static void join_children(tree *t, int64_t level, int64_t i)
{
    const int64_t d = t->d, end = (i + 1) * FAN < t->count[level - 1] ? (i + 1) * FAN : t->count[level - 1];
    double *box = t->boxes + (t->start[level] + i) * 2 * d;
    uint64_t *sums = t->sums + (t->start[level] + i) * t->stored;
    memcpy(box, t->boxes + (t->start[level - 1] + i * FAN) * 2 * d, 2 * (size_t)d * sizeof *box);
    memset(sums, 0, (size_t)t->stored * sizeof *sums);
    for (int64_t c = t->start[level - 1] + i * FAN; c < t->start[level - 1] + end; c++) {
        for (int64_t f = 0; f < d; f++) {
            box[f] = fmin(box[f], t->boxes[c * 2 * d + f]);
            box[d + f] = fmax(box[d + f], t->boxes[c * 2 * d + d + f]);
        }
        for (int64_t a = 0; a < t->stored; a++)
            sums[a] += t->sums[c * t->stored + a];
    }
    t->owner[t->start[level] + i] = common_owner(t, level, i);
}

/* A task's leaves are all that lie below a node of this level. */
enum { TASK_LEVEL = 3, LEAVES_A_TASK = 1 << 2 * TASK_LEVEL };

static void build_task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    tree *t = p->t;
    for (int64_t leaf = index * LEAVES_A_TASK; leaf < (index + 1) * LEAVES_A_TASK && leaf < t->count[0]; leaf++)
        build_leaf(p, &t->workers[worker_index], leaf);
    for (int64_t level = 1; level <= TASK_LEVEL && level < t->levels; level++) {
        const int64_t first = index << 2 * (TASK_LEVEL - level), end = (index + 1) << 2 * (TASK_LEVEL - level);
        for (int64_t i = first; i < end && i < t->count[level]; i++)
            join_children(t, level, i);
    }
}

static void build(pass *p)
{
    tree *t = p->t;
    cvi_team *team = &p->problem->job->team;
    if (!cvi_curve_sort(t->curve, p->problem->kernels, p->problem->rows, team, (uint32_t *)t->label))
        return;
    p->unlabelled = p->labels[0] < 0; /* all of them or none, or a fit that was stopped, which wants labels alone */
    cvi_parallel(team, (t->count[0] + LEAVES_A_TASK - 1) / LEAVES_A_TASK, build_task, p);
    if (team->stop != NULL && atomic_load(team->stop) != 0)
        return; /* half-built: the next pass, if there is one, starts again */
    t->curve->filled = true;
    for (int64_t level = TASK_LEVEL + 1; level < t->levels; level++)
        for (int64_t i = 0; i < t->count[level]; i++)
            join_children(t, level, i);
    /* Enough tasks to share, few enough that each can look at all centers. */
    t->task_level = t->levels - 1;
    while (t->task_level > 0 && t->count[t->task_level] < 8 * team->threads)
        t->task_level--;
    t->built = true;
}

/* The tree stays from run to run; labels do not. */
static void forget_owners(tree *t, const int32_t *labels)
{
    for (int64_t leaf = 0; leaf < t->count[0]; leaf++) {
        for (int64_t i = leaf * LEAF; i < leaf * LEAF + cvi_curve_rows(t->curve, leaf); i++)
            t->label[i] = labels[t->curve->order[i]];
        pad_labels(t->label + leaf * LEAF, cvi_curve_rows(t->curve, leaf));
        t->owner[leaf] = common_label(t->label + leaf * LEAF, LEAF);
    }
    for (int64_t level = 1; level < t->levels; level++)
        for (int64_t i = 0; i < t->count[level]; i++)
            t->owner[t->start[level] + i] = common_owner(t, level, i);
}

/* --- rows and nodes change their owner
 * --------------------------------------------------------------------------- */

/* The rows of the leaf in `changed` move from before to after. w->x holds the leaf. */
static void move_rows(const pass *p, worker *w, int64_t leaf, uint64_t changed, const int32_t *before,
                      const int32_t *after)
{
    const tree *t = p->t;
    const int worker_index = (int)(w - t->workers);
    w->changed += __builtin_popcountll(changed);
    for (uint64_t m = changed; m != 0; m &= m - 1) {
        const int i = __builtin_ctzll(m);
        p->labels[t->curve->order[leaf * LEAF + i]] = after[i];
    }
    if (p->sums == NULL)
        return;
    if (!t->weighted) {
        cvi_sums_move_tile(p->sums, worker_index, w->x, changed, before, after);
        return;
    }
    for (uint64_t m = changed; m != 0; m &= m - 1) {
        const int i = __builtin_ctzll(m);
        cvi_rows_fetch(p->problem->rows, t->curve->order[leaf * LEAF + i], 1, &w->block);
        cvi_sums_move(p->sums, worker_index, p->problem->rows, &w->block, 0, before[i], after[i]);
    }
}

static void set_owner_below(tree *t, int64_t level, int64_t i, int32_t owner)
{
    for (int64_t l = level; l >= 0; l--) {
        const int64_t first = i << 2 * (level - l);
        int64_t end = (i + 1) << 2 * (level - l);
        end = end < t->count[l] ? end : t->count[l];
        for (int64_t c = first; c < end; c++)
            t->owner[t->start[l] + c] = owner;
    }
}

/* Center j owns all rows of a node. */
static void give(const pass *p, worker *w, int64_t level, int64_t i, int32_t j)
{
    tree *t = p->t;
    const int64_t node = t->start[level] + i;
    const int32_t before = t->owner[node];
    if (before == j)
        return;
    if (before != MIXED) {
        int64_t first;
        const int64_t count = node_rows(t, level, i, &first);
        const int worker_index = (int)(w - t->workers);
        const uint64_t *q = t->sums + node * t->stored;
        w->changed += count;
        for (int64_t r = first; r < first + count; r++)
            p->labels[t->curve->order[r]] = j;
        if (p->sums != NULL && before >= 0)
            cvi_sums_add_stored(p->sums, worker_index, before, -1, q, q + t->words, count);
        if (p->sums != NULL)
            cvi_sums_add_stored(p->sums, worker_index, j, 1, q, q + t->words, count);
        set_owner_below(t, level, i, j);
        return;
    }
    if (level > 0) {
        for (int64_t c = i * FAN; c < (i + 1) * FAN && c < t->count[level - 1]; c++)
            give(p, w, level - 1, c, j);
    } else {
        int32_t after[LEAF];
        const int32_t *label = t->label + i * LEAF;
        uint64_t changed = 0;
        for (int64_t r = 0; r < cvi_curve_rows(t->curve, i); r++) {
            after[r] = j;
            changed |= (uint64_t)(label[r] != j) << r;
        }
        load_leaf(p, i, w->x);
        move_rows(p, w, i, changed, label, after);
    }
    t->owner[node] = j;
}

/* --- one pass
 * --------------------------------------------------------------------------------------------------- */

static void score_leaf(const pass *p, worker *w, int64_t leaf, const cvi_tree_list *list)
{
    tree *t = p->t;
    const int64_t count = cvi_curve_rows(t->curve, leaf);
    int32_t *before = t->label + leaf * LEAF, after[LEAF];
    if (t->owner[leaf] != MIXED)
        for (int64_t i = 0; i < LEAF; i++)
            before[i] = t->owner[leaf];
    load_leaf(p, leaf, w->x);
    const uint64_t changed = p->problem->kernels->tree_leaf(list, t->d, w->x, count, before, after);
    w->distances += count * list->count;
    if (changed == 0)
        return;
    move_rows(p, w, leaf, changed, before, after);
    pad_labels(after, count);
    t->owner[leaf] = common_label(after, LEAF);
    memcpy(before, after, sizeof after);
}

/* The candidates of a node among those of the node above. list: where they may go. */
static void filter(const pass *p, worker *w, int64_t node, const cvi_tree_list *from, cvi_tree_list *list)
{
    const tree *t = p->t;
    w->distances += from->count;
    list->count = p->problem->kernels->tree_filter(from, t->d, t->boxes + node * 2 * t->d, list);
}

/* Will the rows of this leaf be read, if these are its candidates? */
static bool reads_rows(const tree *t, int64_t leaf, const cvi_tree_list *list)
{
    return list->count > 1 || t->owner[leaf] == MIXED;
}

static void prefetch_leaf(const tree *t, int64_t leaf)
{
    const char *tile = cvi_curve_tile(t->curve, leaf), *last = cvi_curve_tile(t->curve, leaf + 1);
    for (; tile < last; tile += 64)
        __builtin_prefetch(tile);
}

static int64_t end_of_children(const tree *t, int64_t level, int64_t i)
{
    return (i + 1) * FAN < t->count[level - 1] ? (i + 1) * FAN : t->count[level - 1];
}

/* The leaves below a node that has waited. */
static void end_wait(const pass *p, worker *w, waiting *wait)
{
    tree *t = p->t;
    if (wait->node < 0)
        return;
    const int64_t end = end_of_children(t, 1, wait->node);
    for (int64_t leaf = wait->node * FAN; leaf < end; leaf++) {
        const cvi_tree_list *list = &wait->lists[leaf - wait->node * FAN];
        if (list->count == 1)
            give(p, w, 0, leaf, (int32_t)list->at[0]);
        else
            score_leaf(p, w, leaf, list);
    }
    t->owner[t->start[1] + wait->node] = common_owner(t, 1, wait->node);
    wait->node = -1;
}

/* Lists for the leaves below node i of level 1, whose rows are asked for; meanwhile the node before has its turn. */
static void wait_for_rows(const pass *p, worker *w, int64_t i, const cvi_tree_list *from)
{
    tree *t = p->t;
    waiting *wait = &w->wait[w->turn ^= 1];
    const int64_t end = end_of_children(t, 1, i);
    wait->node = i;
    for (int64_t leaf = i * FAN; leaf < end; leaf++) {
        cvi_tree_list *list = &wait->lists[leaf - i * FAN];
        *list = (cvi_tree_list){.at = wait->room + (leaf - i * FAN) * (2 + t->d) * FEW_STRIDE, .stride = FEW_STRIDE};
        filter(p, w, leaf, from, list);
    }
    for (int64_t leaf = i * FAN; leaf < end; leaf++)
        if (reads_rows(t, leaf, &wait->lists[leaf - i * FAN]))
            prefetch_leaf(t, leaf);
    end_wait(p, w, &w->wait[w->turn ^ 1]);
}

static void visit(const pass *p, worker *w, int64_t level, int64_t i, const cvi_tree_list *list);

/*
 * The children of node i, whose candidates are in list. Short lists are made for all of them before the first is
 * looked at: what one comes to is hard to foretell, and the processor makes several at once.
 */
static void visit_children(const pass *p, worker *w, int64_t level, int64_t i, const cvi_tree_list *list)
{
    const tree *t = p->t;
    const int64_t stride = (list->count + 7) / 8 * 8 + 8, size = (2 + t->d) * stride, top = w->top;
    const int64_t end = end_of_children(t, level, i), at_once = list->count <= FEW ? FAN : 1;
    for (int64_t first = i * FAN; first < end; first += at_once, w->top = top) {
        cvi_tree_list below[FAN];
        const int64_t last = first + at_once < end ? first + at_once : end;
        for (int64_t c = first; c < last; c++) {
            below[c - first] = *list;
            if (w->top + size > w->room)
                continue; /* the list of the node above has to do */
            below[c - first] = (cvi_tree_list){.at = w->stack + w->top, .stride = stride};
            filter(p, w, t->start[level - 1] + c, list, &below[c - first]);
            w->top += size;
        }
        for (int64_t c = first; c < last; c++)
            visit(p, w, level - 1, c, &below[c - first]);
    }
}

static void visit(const pass *p, worker *w, int64_t level, int64_t i, const cvi_tree_list *list)
{
    tree *t = p->t;
    if (list->count == 1) {
        give(p, w, level, i, (int32_t)list->at[0]);
    } else if (level == 0) {
        score_leaf(p, w, i, list);
    } else if (level == 1 && list->count <= FEW) {
        wait_for_rows(p, w, i, list);
    } else {
        visit_children(p, w, level, i, list);
        if (level == 1)
            t->owner[t->start[1] + i] = common_owner(t, 1, i);
    }
}

static void visit_task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    tree *t = p->t;
    worker *w = &t->workers[worker_index];
    const int64_t stride = (p->all.count + 7) / 8 * 8 + 8;
    cvi_tree_list list = {.at = w->stack, .stride = stride};
    filter(p, w, t->start[t->task_level] + index, &p->all, &list);
    w->top = (2 + t->d) * stride;
    visit(p, w, t->task_level, index, &list);
    end_wait(p, w, &w->wait[w->turn]);
    for (int64_t level = 2; level <= t->task_level; level++) { /* nodes of level 1 had not all been visited */
        const int64_t end = (index + 1) << 2 * (t->task_level - level);
        for (int64_t i = index << 2 * (t->task_level - level); i < end && i < t->count[level]; i++)
            t->owner[t->start[level] + i] = common_owner(t, level, i);
    }
}

static void list_centers(pass *p, const double *centers)
{
    tree *t = p->t;
    for (int64_t j = 0; j < t->k; j++) {
        t->centers[j] = (double)j;
        t->centers[t->stride + j] = p->problem->kernels->canonical_sqnorm(centers + j * t->d, t->d);
        for (int64_t f = 0; f < t->d; f++)
            t->centers[(2 + f) * t->stride + j] = centers[j * t->d + f];
    }
    p->all = (cvi_tree_list){.at = t->centers, .stride = t->stride, .count = t->k};
}

#ifndef NDEBUG
/* Debug builds: every label is the argmin of the canonical score, whatever was skipped. Large fits check some
 * leaves a pass, others in the next. */
static void check_labels(const pass *p, const double *centers)
{
    const tree *t = p->t;
    const cvi_kernels *kernels = p->problem->kernels;
    const int64_t one_in = 1 + t->n * t->k / (1 << 22);
    for (int64_t leaf = t->passes % one_in; leaf < t->count[0]; leaf += one_in) {
        load_leaf(p, leaf, t->workers[0].x);
        for (int64_t i = 0; i < cvi_curve_rows(t->curve, leaf); i++) {
            double x[CVI_ORDER_MAX_D], best = INFINITY;
            int32_t nearest = 0;
            for (int64_t f = 0; f < t->d; f++)
                x[f] = t->workers[0].x[f * LEAF + i];
            for (int64_t j = 0; j < t->k; j++) {
                const double score =
                    kernels->canonical_score(x, centers + j * t->d, t->centers[t->stride + j], t->d);
                if (score < best) {
                    best = score;
                    nearest = (int32_t)j;
                }
            }
            assert(p->labels[t->curve->order[leaf * LEAF + i]] == nearest);
        }
    }
}
#endif

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels,
                     cvi_sums *sums, cvi_pass_counts *counts)
{
    tree *t = state;
    cvi_team *team = &problem->job->team;
    pass p = {.t = t, .problem = problem, .labels = labels, .sums = sums};
    if (!t->built)
        build(&p);
    else if (t->passes == 0)
        forget_owners(t, labels);
    if (!t->built)
        return false; /* stopped */
    t->passes++;
    list_centers(&p, centers);
    for (int w = 0; w < team->threads; w++)
        t->workers[w].changed = t->workers[w].distances = 0;
    cvi_parallel(team, t->count[t->task_level], visit_task, &p);
    for (int64_t level = t->task_level + 1; level < t->levels; level++)
        for (int64_t i = 0; i < t->count[level]; i++)
            t->owner[t->start[level] + i] = common_owner(t, level, i);
    counts->changed = 0;
    counts->full += t->n * t->k;
    for (int w = 0; w < team->threads; w++) {
        counts->changed += t->workers[w].changed;
        counts->distances += t->workers[w].distances;
    }
    if (team->stop != NULL && atomic_load(team->stop) != 0)
        return false;
#ifndef NDEBUG
    check_labels(&p, centers);
#endif
    return true;
}

static void start(void *state, const cvi_problem *problem)
{
    tree *t = state;
    (void)problem;
    t->passes = 0;
}

const cvi_strategy cvi_tree = {.name = "tree",
                               .about = "boxes of rows along a curve, a list of centers for each",
                               .min_passes = 2,
                               .suits = suits,
                               .pays = pays,
                               .take = take,
                               .start = start,
                               .ready = ready,
                               .pass = run_pass};
