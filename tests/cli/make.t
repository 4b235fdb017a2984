Sample data, as scikit-learn draws it (the golden files hold its figures; here: shape, seed, files).

  $ covey make blobs -n 3 --seed 0
  $ covey make moons -n 3 --seed 0 --noise 0.05
  $ covey make circles -n 4 --no-shuffle
  $ covey make blobs -n 5 -k 2 --features 3 --labels l.csv -o x.npy; wc -l < l.csv; covey info x.npy | head -1
  $ covey make blobs -n 5 --labels -
  $ covey make circles --factor 1
  $ covey make blobs --std -1
  $ covey make blobs -n 0
