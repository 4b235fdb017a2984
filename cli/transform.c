/* covey transform: distances of the rows to the centers. */
#include "console.h"
#include "output.h"
#include "stop.h"
#include "use.h"

#include <stdlib.h>
#include <string.h>

/* CSV is written in blocks of about this many bytes, so that k columns never have to fit in memory at once.
 */
#define BLOCK_BYTES ((size_t)16 << 20)

typedef struct distances {
    cli_use *use;
    covey_dtype dtype;
    int64_t k, block; /* rows of the buffer */
    void *buffer;     /* [block, k] */
    char **names;     /* [k] or NULL */
} distances;

static covey_matrix rows_from(const covey_matrix *x, int64_t first, int64_t n)
{
    covey_matrix part = *x;
    part.data = (const char *)x->data + first * x->row_stride;
    part.n = n;
    return part;
}

static covey_status write_blocks(distances *t, covey_sink *sink, const char *path, covey_error *err)
{
    const int npy = cli_ends_with(path, ".npy");
    const char delimiter = cli_ends_with(path, ".tsv") ? '\t' : ',';
    covey_status status = COVEY_OK;
    for (int64_t i = 0; i < t->use->z.n && status == COVEY_OK; i += t->block) {
        const int64_t rest = t->use->z.n - i, n = rest < t->block ? rest : t->block;
        const covey_matrix x = rows_from(&t->use->z, i, n);
        status = covey_model_transform(t->use->model, &x, &t->use->run, t->buffer, t->dtype, err);
        const covey_matrix d = covey_matrix_dense(t->buffer, t->dtype, n, t->k);
        if (status != COVEY_OK)
            break;
        if (cli_stop_asked()) {
            err->status = COVEY_ERR_CANCELLED;
            return COVEY_ERR_CANCELLED;
        }
        status = npy ? covey_write_npy(sink, &d, 0, err)
                     : covey_write_csv(sink, &d, delimiter, i ? NULL : (const char *const *)t->names, err);
    }
    return status;
}

static int make_names(distances *t)
{
    t->names = calloc((size_t)t->k, sizeof *t->names);
    for (int64_t j = 0; t->names && j < t->k; j++) {
        char name[40];
        snprintf(name, sizeof name, "distance_%lld", (long long)j);
        t->names[j] = strdup(name);
        if (!t->names[j])
            return 0;
    }
    return t->names != NULL;
}

static int transform(distances *t)
{
    const cli_arguments *a = t->use->a;
    const char *path = cli_text(a, OPT_OUTPUT, "-");
    const size_t row = (size_t)t->k * covey_dtype_size(t->dtype);
    const int64_t per_block = row ? (int64_t)(BLOCK_BYTES / row) + 1 : 1;
    /* NPY states its shape first, and its writer takes the whole array */
    t->block = cli_ends_with(path, ".npy") || per_block > t->use->z.n ? t->use->z.n : per_block;
    t->buffer = row == 0 || (size_t)t->block > SIZE_MAX / row ? NULL : malloc((size_t)t->block * row);
    if (!t->buffer || (t->use->in.names && !make_names(t))) {
        cli_say(SAY_ERROR, "out of memory for %lld x %lld distances%s", (long long)t->block, (long long)t->k,
                cli_ends_with(path, ".npy") ? "; CSV needs less, it is written in blocks" : "");
        return 5;
    }
    covey_error err = {0};
    covey_sink *sink = NULL;
    if (covey_sink_open(path, cli_given(a, OPT_FORCE), &sink, &err) != COVEY_OK)
        return cli_fail(&err, NULL);
    if (write_blocks(t, sink, path, &err) != COVEY_OK) {
        covey_sink_abandon(sink);
        return cli_use_failed(t->use, &err);
    }
    return covey_sink_close(sink, &err) == COVEY_OK ? 0 : cli_fail(&err, NULL);
}

int cli_transform(const cli_arguments *a)
{
    cli_use use;
    int code = cli_use_open(a, &use);
    if (!code) {
        distances t = {.use = &use, .k = covey_model_n_clusters(use.model)};
        t.dtype = cli_choice(a, OPT_DTYPE, 0) == 1 ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64;
        code = transform(&t);
        for (int64_t j = 0; t.names && j < t.k; j++)
            free(t.names[j]);
        free(t.names);
        free(t.buffer);
        if (!code && use.in.n_file_rows > use.in.x.n)
            cli_say(SAY_NOTE, "%lld rows of the file were left out and have no line",
                    (long long)(use.in.n_file_rows - use.in.x.n));
    }
    cli_bar_clear();
    cli_use_close(&use);
    return code;
}
