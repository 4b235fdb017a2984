/* covey predict: a label for each row. */
#include "console.h"
#include "output.h"
#include "use.h"

#include <stdlib.h>
#include <string.h>

static int append(const cli_use *use, const int32_t *labels)
{
    char delimiter;
    int32_t has_header;
    covey_table_text(use->in.table, &delimiter, &has_header);
    return cli_write_appended(cli_text(use->a, OPT_APPEND, "-"), cli_given(use->a, OPT_FORCE), use->in.bytes,
                              use->in.n_bytes, delimiter, has_header, labels, use->in.x.n, use->in.file_rows);
}

/* Labels go where -o says; with --append alone, standard output stays free. */
static int write_results(const cli_use *use, const int32_t *labels)
{
    const char *copy = cli_text(use->a, OPT_APPEND, NULL),
               *path = cli_text(use->a, OPT_OUTPUT, copy ? NULL : "-");
    const int copy_last = copy && strcmp(copy, "-") == 0;
    int code = 0;
    if (copy && !copy_last)
        code = append(use, labels);
    if (!code && path)
        code = cli_write_labels(path, cli_given(use->a, OPT_FORCE), labels, use->in.x.n, use->in.file_rows,
                                use->in.n_file_rows);
    if (!code && copy_last)
        code = append(use, labels);
    return code;
}

static int predict(cli_use *use)
{
    covey_error err = {0};
    char delimiter = 0;
    int32_t has_header = 0;
    covey_table_text(use->in.table, &delimiter, &has_header);
    int code = cli_given(use->a, OPT_APPEND) ? cli_check_append(use->a, &use->in, delimiter) : 0;
    if (code)
        return code;
    int32_t *labels = malloc((size_t)(use->z.n ? use->z.n : 1) * sizeof *labels);
    if (!labels) {
        cli_say(SAY_ERROR, "out of memory for %lld labels", (long long)use->z.n);
        return 5;
    }
    const covey_status status = covey_model_predict(use->model, &use->z, &use->run, labels, NULL, &err);
    cli_bar_clear();
    code = status == COVEY_OK ? write_results(use, labels) : cli_use_failed(use, &err);
    if (!code && use->in.n_file_rows > use->in.x.n)
        cli_say(SAY_NOTE, "%lld of %lld rows of the file were left out; their label is -1",
                (long long)(use->in.n_file_rows - use->in.x.n), (long long)use->in.n_file_rows);
    free(labels);
    return code;
}

int cli_predict(const cli_arguments *a)
{
    cli_use use;
    int code = cli_use_open(a, &use);
    if (!code)
        code = predict(&use);
    cli_use_close(&use);
    return code;
}
