/* covey score: how well a model fits rows. */
#include "console.h"
#include "json.h"
#include "output.h"
#include "use.h"

#include <math.h>
#include <string.h>

static void print_json(const cli_use *use, double score, FILE *to)
{
    cli_json j = {.to = to};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "model", use->model_path);
    cli_json_text(&j, "file", use->in.path);
    cli_json_int(&j, "rows", use->in.x.n);
    cli_json_int(&j, "rows_left_out", use->in.n_file_rows - use->in.x.n);
    cli_json_int(&j, "clusters", covey_model_n_clusters(use->model));
    cli_json_text(&j, "weights", cli_text(use->a, OPT_WEIGHTS, NULL));
    cli_json_text(&j, "scale", use->info->scale ? use->info->scale : "none");
    cli_json_real(&j, "score", score);
    cli_json_real(&j, "inertia", -score + 0.0); /* no minus zero */
    cli_json_close(&j, '}');
}

static int score(cli_use *use)
{
    covey_error err = {0};
    double value = 0;
    char number[32];
    const covey_status status =
        covey_model_score(use->model, &use->z, use->in.weights, &use->run, &value, &err);
    cli_bar_clear();
    if (status != COVEY_OK)
        return cli_use_failed(use, &err);
    cli_text_result text;
    if (cli_text_open(&text))
        return 5;
    if (cli_given(use->a, OPT_JSON))
        print_json(use, value, text.to);
    else
        fprintf(text.to, "%s\n", cli_number(value, number));
    const int code = cli_text_close(&text, cli_text(use->a, OPT_OUTPUT, "-"), cli_given(use->a, OPT_FORCE));
    if (!code && use->in.x.n > 0)
        cli_say(SAY_DETAIL, "%lld rows, root mean square distance to the nearest center %s",
                (long long)use->in.x.n, cli_about(sqrt(-value / (double)use->in.x.n), number));
    return code;
}

int cli_score(const cli_arguments *a)
{
    cli_use use;
    int code = cli_use_open(a, &use);
    if (!code)
        code = score(&use);
    cli_use_close(&use);
    return code;
}
