Row 60: a picture format that this build lacks is said, with exit code 2; the rest works. (Built with PNG: it is read.)

  $ covey fit $DATA/digits.csv -k 10 --picture d.png -q > /dev/null && covey info d.png | head -2
  d.png: [0-9,]+ rows, 1 column, uint8, [0-9.]+ KiB (re)
    a picture of [0-9]+ x [0-9]+ pixels .height x width.; each pixel is a row (re)
