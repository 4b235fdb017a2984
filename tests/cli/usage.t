Without words: a short help, and the exit code of wrong usage.

  $ covey
  covey clusters the rows of a file by k-means, exactly and reproducibly.
  
    covey fit FILE -k 3        cluster a CSV or .npy file into 3 groups
    covey fit --help           options and examples
    covey --help               all commands
  [2]

  $ covey --version
  covey [0-9]+\.[0-9]+\.[0-9]+ (re)

  $ covey --help
  covey [0-9.]+ - exact, reproducible k-means clustering (re)
  
  Usage: covey COMMAND [options] [files]
  
  Commands:
    fit        [FILE]                   cluster the rows of a file
    predict    MODEL [FILE]             label the rows of a file with a model
    transform  MODEL [FILE]             distances of the rows of a file to the centers
    score      MODEL [FILE]             how well a model fits the rows of a file
    info       [FILE]                   what a model or a data file holds
    make       blobs|moons|circles      make a sample data set
    convert    IN OUT                   rewrite a table or a model in another format
  
  'covey COMMAND --help' lists the options of a command, with examples.
  'covey --version' prints the version.
  
  A first try:
    covey make blobs -n 300 -k 4 -o blobs.csv
    covey fit blobs.csv -k 4 --model blobs.npz --labels labels.csv
    covey predict blobs.npz blobs.csv | head
  
  Exit codes: 0 success, 1 internal error, 2 wrong usage, 3 bad data, 4 input or
  output failed, 5 a limit was reached (memory, time), 6 not converged with
  --strict, 130 stopped by Ctrl-C

  $ for verb in fit predict transform score info make convert; do covey $verb --help > $verb.txt || echo failed; covey help $verb | cmp - $verb.txt; done

  $ for verb in fit predict transform score info make convert; do grep -c "^  covey $verb\|| covey $verb" $verb.txt; done
  6
  3
  2
  2
  2
  3
  2

No line of a help is wider than 80 columns, examples aside.

  $ cat *.txt | grep -v "^  [#c]" | grep -v "^Usage" | awk 'length > 80'

Near misses are named.

  $ covey fitt x.csv
  covey: error: there is no command 'fitt'; did you mean fit?
    'covey --help' shows what there is
  [2]

  $ covey fit --colums 1-4
  covey: error: there is no option --colums; did you mean --columns?
    'covey fit --help' shows the options
  [2]

  $ covey fit --max_iter 3
  covey: error: there is no option --max_iter; did you mean --max-iter?
    'covey fit --help' shows the options
  [2]

  $ covey predict --strict x y
  covey: error: --strict is not an option of predict, but of: fit
    'covey predict --help' shows the options
  [2]

  $ covey fit --scale standart x.csv
  covey: error: --scale is 'standart', but must be one of none, standard, minmax, robust; did you mean standard?
    'covey fit --help' shows the options
  [2]

  $ covey fit --frobnicate
  covey: error: there is no option --frobnicate
    'covey fit --help' shows the options
  [2]

  $ covey make mons
  covey: error: 'mons' cannot be made; did you mean moons?
    'covey make --help' shows the options
  [2]

  $ covey make blobs --noise 1
  covey: error: --noise is not an option of make blobs
    'covey make --help' shows the options
  [2]

  $ covey fit -x
  covey: error: there is no option -x
    'covey fit --help' shows the options
  [2]

  $ covey --seed 3 fit
  covey: error: options follow the command: covey COMMAND [files] --seed ...
    'covey --help' shows what there is
  [2]

Values.

  $ covey fit --json=yes
  covey: error: --json takes no value
    'covey fit --help' shows the options
  [2]

  $ covey fit -k
  covey: error: -k needs a value: -k K
    'covey fit --help' shows the options
  [2]

  $ covey fit a.csv b.csv
  covey: error: 'b.csv' is one file too many: covey fit takes [FILE]
    'covey fit --help' shows the options
  [2]

  $ covey predict
  covey: error: a model is missing: give the file that 'covey fit --model FILE' wrote
    'covey predict --help' shows the options
  [2]

  $ covey convert one
  covey: error: two files are needed: the one to read and the one to write
    'covey convert --help' shows the options
  [2]

  $ covey fit --delimiter 5 x.csv
  covey: error: --delimiter is '5', but must be one character that no number contains, or tab, comma, semicolon, space, pipe
    'covey fit --help' shows the options
  [2]

  $ covey fit --memory-limit lots
  covey: error: --memory-limit is 'lots', but must be a size such as 500M or 2G
    'covey fit --help' shows the options
  [2]

  $ covey fit --time-limit 0
  covey: error: --time-limit is '0', but must be a time above 0 such as 30, 5m or 2h
    'covey fit --help' shows the options
  [2]

  $ covey fit --picture-shape 8by8
  covey: error: --picture-shape is '8by8', but must be height x width such as 8x8
    'covey fit --help' shows the options
  [2]

  $ covey fit --batch-size 10 x.csv
  covey: error: --batch-size needs --algorithm minibatch
    'covey fit --help' shows the options
  [2]

  $ covey fit --picture a.gif $DATA/iris.csv
  covey: error: --picture is 'a.gif', but must end in .png
    'covey fit --help' shows the options
  [2]

  $ covey fit x.csv --json --labels -
  covey: error: --json and another result both want standard output; --output FILE takes the JSON
    'covey fit --help' shows the options
  [2]

  $ covey fit x.csv --labels - --centers -
  covey: error: --labels and --centers cannot both go to standard output
    'covey fit --help' shows the options
  [2]

Letters can stand together, values can follow without a space, and -- ends the options.

  $ covey make -qn5 -k2 -ox.csv -- blobs; wc -l < x.csv
  5
  $ printf '1\n2\n9\n' > -k; covey fit -qk2 --labels - -- -k
  0
  0
  1
