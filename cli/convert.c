/* covey convert: a table or a model in another format. */
#include "console.h"
#include "input.h"
#include "output.h"
#include "use.h"

#include <string.h>

static int convert_model(const cli_arguments *a, const char *from, const char *to)
{
    covey_model_file *file = NULL;
    int code = cli_model_load(
        from, ".npz and .json are formats of models; a table becomes .csv, .tsv or .npy", &file);
    if (!code)
        code = cli_write_model(to, cli_given(a, OPT_FORCE), covey_model_file_model(file),
                               covey_model_file_info(file));
    covey_model_file_free(file);
    return code;
}

static int convert_table(const cli_arguments *a, const char *from, const char *to)
{
    cli_input in;
    int code = cli_input_read(a, from, 0, NULL, 0, &in);
    if (code)
        return code;
    code = cli_write_matrix(to, cli_given(a, OPT_FORCE), &in.x, in.names);
    if (!code)
        cli_say(SAY_NOTE, "%s: %lld rows of %lld columns, %s", to, (long long)in.x.n, (long long)in.x.d,
                covey_dtype_name(in.x.dtype));
    cli_input_free(&in);
    return code;
}

int cli_convert(const cli_arguments *a)
{
    const char *from = a->operand[0], *to = a->operand[1];
    static const char *const ends[] = {".npz", ".json", ".csv", ".tsv", ".txt", ".npy"};
    int format = strcmp(to, "-") == 0 ? 2 : -1;
    for (int i = 0; i < 6 && format < 0; i++) {
        if (cli_ends_with(to, ends[i]))
            format = i;
    }
    const int code = cli_outputs_check(a, &from, 1, to);
    if (code)
        return code;
    if (format < 0)
        return cli_usage_error(
            a->verb,
            "'%s' tells no format; end it in .csv, .tsv or .npy for a table, .npz or .json for a model", to);
    return format < 2 ? convert_model(a, from, to) : convert_table(a, from, to);
}
