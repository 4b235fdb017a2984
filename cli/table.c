/* The table itself: every verb and every option once. Order here is order in the help. */
#include "options.h"

#include <float.h>

#define FIT       (1u << VERB_FIT)
#define PREDICT   (1u << VERB_PREDICT)
#define TRANSFORM (1u << VERB_TRANSFORM)
#define SCORE     (1u << VERB_SCORE)
#define INFO      (1u << VERB_INFO)
#define MAKE      (1u << VERB_MAKE)
#define CONVERT   (1u << VERB_CONVERT)
#define USES      (PREDICT | TRANSFORM | SCORE)
#define READS     (FIT | USES | INFO | CONVERT)
#define ALL       (READS | MAKE)

/* Labels are 32-bit, so k ends there; other counts end where a double still holds every integer. */
#define MAX_LABEL 2147483647.0
#define MAX_COUNT 9007199254740992.0
#define MAX_SEED  4294967295.0

const cli_option cli_options[OPT_COUNT] = {
    {OPT_CLUSTERS, "clusters", 'k', "K", KIND_INT, 1, MAX_LABEL, NULL, GROUP_CLUSTERING, FIT,
     "number of clusters (default 8)"},
    {OPT_ALGORITHM, "algorithm", 0, "NAME", KIND_CHOICE, 0, 0, "kmeans|minibatch|bisecting|optimal", GROUP_CLUSTERING,
     FIT,
     "kmeans is exact; minibatch is approximate and works in batches; bisecting splits clusters in two; "
     "optimal: see --optimal (default kmeans)"},
    {OPT_OPTIMAL, "optimal", 0, NULL, KIND_FLAG, 0, 0, NULL, GROUP_CLUSTERING, FIT,
     "one feature: find the clusters of the smallest inertia there is, not only of the best run; no start, no "
     "seed"},
    {OPT_INIT, "init", 0, "HOW", KIND_INIT, 0, 0, "k-means++|random|parallel|d2", GROUP_CLUSTERING, FIT,
     "where the centers start: k-means++ (greedy), random, parallel (k-means||: faster for many clusters), d2 "
     "(k-means++ without trials: fastest), or a file of K centers (CSV, .npy or a model) (default k-means++)"},
    {OPT_N_INIT, "n-init", 0, "N", KIND_INT, 1, MAX_LABEL, NULL, GROUP_CLUSTERING, FIT,
     "runs from different starts, the best is kept (default 1; with --init random 10, with minibatch 3)"},
    {OPT_MAX_ITER, "max-iter", 0, "N", KIND_INT, 1, MAX_LABEL, NULL, GROUP_CLUSTERING, FIT,
     "iterations at most (default 300; minibatch 100)"},
    {OPT_TOL, "tol", 0, "X", KIND_REAL, 0, DBL_MAX, NULL, GROUP_CLUSTERING, FIT,
     "stop when the centers move less than X times the mean variance of the features (default 1e-4; "
     "minibatch 0)"},
    {OPT_SEED, "seed", 0, "N", KIND_INT, 0, MAX_SEED, NULL, GROUP_CLUSTERING, FIT | MAKE,
     "seed of the random numbers; the same seed gives the same result (default 0)"},
    {OPT_BATCH_SIZE, "batch-size", 0, "N", KIND_INT, 1, MAX_LABEL, NULL, GROUP_CLUSTERING, FIT,
     "minibatch: rows in a batch (default 1024)"},
    {OPT_BISECT, "bisect", 0, "RULE", KIND_CHOICE, 0, 0, "inertia|largest", GROUP_CLUSTERING, FIT,
     "bisecting: split the cluster of the largest inertia or of the most rows (default inertia)"},
    {OPT_SCALE, "scale", 0, "HOW", KIND_CHOICE, 0, 0, "none|standard|minmax|robust", GROUP_CLUSTERING, FIT,
     "scale each feature first: standard (mean 0, deviation 1), minmax (0 to 1), robust (median and "
     "quartiles); "
     "kept in the model and applied again by predict, transform and score (default none)"},
    {OPT_CENTER_DTYPE, "center-dtype", 0, "TYPE", KIND_CHOICE, 0, 0, "float64|float32", GROUP_CLUSTERING, FIT,
     "round the resulting centers to this type (default float64)"},

    {OPT_COLUMNS, "columns", 0, "LIST", KIND_TEXT, 0, 0, NULL, GROUP_READING, READS,
     "columns to use, by number from 1 or by name: 1-4 or 2,5- or age,height (default all)"},
    {OPT_WEIGHTS, "weights", 0, "COLUMN", KIND_TEXT, 0, 0, NULL, GROUP_READING, FIT | SCORE,
     "column that holds the weight of each row; it is then no feature"},
    {OPT_MISSING, "missing", 0, "RULE", KIND_CHOICE, 0, 0, "error|drop|mean", GROUP_READING, READS,
     "empty cells, NA and NaN: stop, drop the row, or take the column's mean (default error)"},
    {OPT_RAGGED, "ragged", 0, "RULE", KIND_RAGGED, 0, 0, "error|skip|fill", GROUP_READING, READS,
     "CSV lines with too few or too many fields: stop, skip the line, fill with missing values, or the name "
     "of a file "
     "that gets the skipped lines (default error)"},
    {OPT_DELIMITER, "delimiter", 'd', "CHAR", KIND_TEXT, 0, 0, NULL, GROUP_READING, READS,
     "CSV delimiter: one character, or tab, comma, semicolon, space, pipe (default: found from the first "
     "lines)"},
    {OPT_HEADER, "header", 0, "WHEN", KIND_CHOICE, 0, 0, "auto|yes|no", GROUP_READING, READS,
     "whether the first line of a CSV holds names (default auto)"},
    {OPT_MEMBER, "member", 0, "NAME", KIND_TEXT, 0, 0, NULL, GROUP_READING, READS,
     "NPZ: the array to read (default the only one, or x, X, data)"},
    {OPT_DTYPE, "dtype", 0, "TYPE", KIND_CHOICE, 0, 0, "float64|float32", GROUP_READING, READS,
     "keep the numbers of a CSV as this type; for transform: the type of the distances (default float64)"},
    {OPT_MAX_FIELD, "max-field", 0, "SIZE", KIND_BYTES, 1, 0, NULL, GROUP_READING, READS,
     "longest CSV field accepted (default 1M)"},
    {OPT_MAX_COLUMNS, "max-columns", 0, "N", KIND_INT, 1, MAX_COUNT, NULL, GROUP_READING, READS,
     "most columns accepted (default 1000000)"},
    {OPT_MMAP, "mmap", 0, NULL, KIND_FLAG, 0, 0, NULL, GROUP_READING, READS,
     "map an .npy file into memory instead of reading it"},

    {OPT_ROWS, "rows", 'n', "N", KIND_INT, 1, MAX_COUNT, NULL, GROUP_MAKING, MAKE,
     "number of rows (default 100)"},
    {OPT_FEATURES, "features", 0, "D", KIND_INT, 1, MAX_COUNT, NULL, GROUP_MAKING, MAKE,
     "blobs: number of columns (default 2)"},
    {OPT_CENTERS_COUNT, "clusters", 'k', "K", KIND_INT, 1, MAX_LABEL, NULL, GROUP_MAKING, MAKE,
     "blobs: number of blobs (default 3)"},
    {OPT_STD, "std", 0, "X", KIND_REAL, 0, DBL_MAX, NULL, GROUP_MAKING, MAKE,
     "blobs: standard deviation of each blob (default 1)"},
    {OPT_NOISE, "noise", 0, "X", KIND_REAL, 0, DBL_MAX, NULL, GROUP_MAKING, MAKE,
     "moons, circles: standard deviation of the noise added (default none)"},
    {OPT_FACTOR, "factor", 0, "X", KIND_REAL, 0, 0.99999999999999989, NULL, GROUP_MAKING, MAKE,
     "circles: inner radius over outer radius, below 1 (default 0.8)"},
    {OPT_NO_SHUFFLE, "no-shuffle", 0, NULL, KIND_FLAG, 0, 0, NULL, GROUP_MAKING, MAKE,
     "keep the rows of a group together"},

    {OPT_OUTPUT, "output", 'o', "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT | USES | INFO | MAKE,
     "write what is printed (the summary, labels, distances, rows) to this file instead of to standard "
     "output; labels, "
     "distances and rows become NPY if the name ends in .npy"},
    {OPT_MODEL, "model", 'm', "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT,
     "save the model: .npz, or .json for people"},
    {OPT_LABELS, "labels", 'l', "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT | MAKE,
     "write the label of each row, in row order: one a line, or .npy; with - only the labels go to standard "
     "output"},
    {OPT_CENTERS, "centers", 'c', "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT,
     "write the centers in the units of the input: CSV or .npy"},
    {OPT_APPEND, "append", 'a', "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT | PREDICT,
     "write a copy of the input CSV with the label as its last column"},
    {OPT_PICTURE, "picture", 0, "FILE", KIND_OUTPUT, 0, 0, NULL, GROUP_RESULTS, FIT,
     "draw the centers as a grid of small pictures (PNG)"},
    {OPT_PICTURE_SHAPE, "picture-shape", 0, "HxW", KIND_SHAPE, 1, 1e6, NULL, GROUP_RESULTS, FIT,
     "height and width of a center's picture (default: square)"},
    {OPT_JSON, "json", 'j', NULL, KIND_FLAG, 0, 0, NULL, GROUP_RESULTS, FIT | SCORE | INFO,
     "print JSON for programs instead of text for people"},
    {OPT_FORCE, "force", 'f', NULL, KIND_FLAG, 0, 0, NULL, GROUP_RESULTS, FIT | USES | INFO | MAKE | CONVERT,
     "replace files that exist"},

    {OPT_THREADS, "threads", 't', "N", KIND_INT, 1, 4096, NULL, GROUP_RUNNING, FIT | USES,
     "threads to use; the result does not depend on it (default: the processors available)"},
    {OPT_PLAN, "plan", 0, "NAME", KIND_TEXT, 0, 0, NULL, GROUP_RUNNING, FIT,
     "pin the way of computing by name (brute, ...); the result does not depend on it (default: chosen)"},
    {OPT_MEMORY_LIMIT, "memory-limit", 0, "SIZE", KIND_BYTES, 1, 0, NULL, GROUP_RUNNING,
     FIT | USES | INFO | CONVERT,
     "use at most this much memory for the data and the work, e.g. 500M or 2G (default: no limit)"},
    {OPT_TIME_LIMIT, "time-limit", 0, "TIME", KIND_SECONDS, 0, 0, NULL, GROUP_RUNNING, FIT,
     "stop after this time and keep the best so far, e.g. 30 or 5m; exit code 5 (default: no limit)"},
    {OPT_STRICT, "strict", 0, NULL, KIND_FLAG, 0, 0, NULL, GROUP_RUNNING, FIT,
     "exit code 6 if the fit did not converge"},
    {OPT_QUIET, "quiet", 'q', NULL, KIND_FLAG, 0, 0, NULL, GROUP_RUNNING, ALL,
     "no notes and no progress bar, only errors"},
    {OPT_VERBOSE, "verbose", 'v', NULL, KIND_FLAG, 0, 0, NULL, GROUP_RUNNING, ALL,
     "say more: every iteration, time and memory of each part"},
    {OPT_HELP, "help", 'h', NULL, KIND_FLAG, 0, 0, NULL, GROUP_RUNNING, ALL, "show this help"},
};

#define NEEDS_MODEL "a model is missing: give the file that 'covey fit --model FILE' wrote"

const cli_verb cli_verbs[VERB_COUNT] = {
    {VERB_FIT, "fit", "[FILE]", "cluster the rows of a file",
     "Cluster the rows of FILE (CSV, TSV, NPY, NPZ, PNG or JPEG; - or nothing reads standard input) by "
     "k-means and print "
     "a summary.\n\n"
     "Results that were asked for go to files; one of them may be - for standard output, which then holds "
     "nothing "
     "else. Existing files are kept unless --force is given. Rows dropped by --missing drop and lines "
     "skipped by "
     "--ragged have the label -1, so that labels and rows of the file always line up.",
     "Three clusters of the four measurements in a file with names\n"
     "covey fit iris.csv --columns 1-4 -k 3\n"
     "Keep the model and the labels\n"
     "covey fit iris.csv --columns 1-4 -k 3 --model iris.npz --labels labels.csv\n"
     "Labels of a stream, in row order\n"
     "zcat big.csv.gz | covey fit - -k 50 --labels - > labels.csv\n"
     "Features of different units; the best of ten starts; figures as JSON\n"
     "covey fit people.csv --columns age,income -k 5 --scale standard --n-init 10 --json\n"
     "The best 5 classes of one column, for a map\n"
     "covey fit towns.csv --columns income -k 5 --optimal\n"
     "The centers of handwritten digits as a picture\n"
     "covey fit digits.csv -k 10 --picture centers.png\n",
     0, 1, NULL, cli_fit},
    {VERB_PREDICT, "predict", "MODEL [FILE]", "label the rows of a file with a model",
     "Print the label of the nearest center for each row of FILE, one a line, in row order. A model that "
     "knows the names "
     "of its columns picks them from a file with a header, in any order.",
     "Label new rows\n"
     "covey predict iris.npz new.csv\n"
     "As a copy of the file with one more column\n"
     "covey predict iris.npz new.csv --append labeled.csv\n"
     "As an array for NumPy\n"
     "covey predict iris.npz new.csv -o labels.npy\n",
     1, 2, NEEDS_MODEL, cli_predict},
    {VERB_TRANSFORM, "transform", "MODEL [FILE]", "distances of the rows of a file to the centers",
     "Write the distance of each row of FILE to each of the K centers: K numbers a line, with a header if "
     "FILE has one. "
     "Distances are in the units that the clustering saw, that is, after --scale.",
     "Distances as CSV\n"
     "covey transform iris.npz iris.csv > distances.csv\n"
     "As a float32 array\n"
     "covey transform iris.npz iris.csv --dtype float32 -o distances.npy\n",
     1, 2, NEEDS_MODEL, cli_transform},
    {VERB_SCORE, "score", "MODEL [FILE]", "how well a model fits the rows of a file",
     "Print minus the sum of squared distances of the rows of FILE to their nearest centers: closer to 0 is "
     "better.",
     "Score of new rows\n"
     "covey score iris.npz new.csv\n"
     "With more figures, as JSON\n"
     "covey score iris.npz new.csv --json\n",
     1, 2, NEEDS_MODEL, cli_score},
    {VERB_INFO, "info", "[FILE]", "what a model or a data file holds",
     "Describe a model (centers, sizes, seed, scaling), or a table: rows, columns with their least, greatest "
     "and mean "
     "value, text columns and constant columns.",
     "What is in this file?\n"
     "covey info iris.csv\n"
     "What is in this model?\n"
     "covey info iris.npz\n",
     0, 1, NULL, cli_info},
    {VERB_MAKE, "make", "blobs|moons|circles", "make a sample data set",
     "Write a sample data set: Gaussian blobs, two interleaving half moons, or two circles, the same numbers "
     "that "
     "scikit-learn's make_blobs, make_moons and make_circles draw from the same seed.",
     "Four blobs of 300 points\n"
     "covey make blobs -n 300 -k 4 --std 0.6 -o blobs.csv\n"
     "Moons with noise, their true labels apart\n"
     "covey make moons -n 200 --noise 0.05 -o moons.npy --labels true.csv\n"
     "Straight into a fit\n"
     "covey make blobs -n 100000 -k 5 | covey fit - -k 5\n",
     1, 1, "what to make is missing: blobs, moons or circles", cli_make},
    {VERB_CONVERT, "convert", "IN OUT", "rewrite a table or a model in another format",
     "Read IN and write OUT in the format that its name ends in: a table as .csv, .tsv or .npy, a model as "
     ".npz or "
     ".json.",
     "CSV to NPY, which reads much faster\n"
     "covey convert big.csv big.npy\n"
     "A model to read with your own eyes\n"
     "covey convert iris.npz iris.json\n",
     2, 2, "two files are needed: the one to read and the one to write", cli_convert},
};
