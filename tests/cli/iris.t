The first thing a user does. Without --columns, the text column is named.

  $ cp $DATA/iris.csv .; covey fit iris.csv -k 3 --seed 42
  covey: error: iris.csv: 'species' (column 5) holds text: 'setosa' in row 0 (line 2, byte 74); choose columns of numbers: --columns 1-4
  [3]
  $ covey fit iris.csv --columns 1-4 -k 3 --seed 42 | sed 's/time .*/time/'
  covey: iris.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 5
  iris.csv: 150 rows, 4 features, 3 clusters
  
    cluster         rows    share
          0           39   26.0 %  ###################
          1           50   33.3 %  #########################
          2           61   40.7 %  ##############################
  
    inertia     78.8556658259773
    explained   88.4 % of the variance
    iterations  11; converged: no label changed any more
    start       k-means++
    seed        42
    time
  $ covey fit iris.csv --columns 1-4 -k 3 --seed 42 -q --json | grep '"inertia"'
    "inertia": 78.8556658259773,
  $ covey fit iris.csv --columns sepal_length-petal_width -k 3 --seed 42 -q | grep inertia
    inertia     78.8556658259773

Model, labels, centers, a copy with labels.

  $ covey fit iris.csv --columns 1-4 -k 3 --seed 42 -m m.npz -l l.csv -c c.csv -a copy.csv > /dev/null
  covey: iris.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 5
  covey: model written to m.npz
  covey: labels written to l.csv
  covey: centers written to c.csv
  covey: copy with labels written to copy.csv
  $ wc -l < l.csv; head -3 copy.csv; cat c.csv
  150
  sepal_length,sepal_width,petal_length,petal_width,species,label
  5.1,3.5,1.4,0.2,setosa,1
  4.9,3,1.4,0.2,setosa,1
  sepal_length,sepal_width,petal_length,petal_width
  6.853846153846154,3.076923076923077,5.7153846153846155,2.0538461538461537
  5.006,3.428,1.4619999999999997,0.246
  5.883606557377049,2.740983606557377,4.388524590163934,1.4344262295081966
  $ cut -d, -f6 copy.csv | tail -n +2 | cmp - l.csv
  $ covey predict m.npz iris.csv -q | cmp - l.csv
  $ covey predict m.npz iris.csv -q --append - | cmp - copy.csv
  $ covey predict m.npz iris.csv -q -o l.npy && tail -c 600 l.npy | od -An -v -td4 -w4 | tr -d ' ' | cmp - l.csv
  $ covey score m.npz iris.csv -q
  -78.8556658259773
  $ covey score m.npz iris.csv -q --json
  {
    "model": "m.npz",
    "file": "iris.csv",
    "rows": 150,
    "rows_left_out": 0,
    "clusters": 3,
    "weights": null,
    "scale": "none",
    "score": -78.8556658259773,
    "inertia": 78.8556658259773
  }
  $ covey transform m.npz iris.csv -q | head -3
  distance_0,distance_1,distance_2
  5.031327891822356,0.14135062787267652,3.412511166925508
  5.0875064514446695,0.44763824680203534,3.3896399062289033
  $ covey transform m.npz iris.csv -q | awk -F, 'NR > 1 {b = 1; for (i = 2; i <= NF; i++) if ($i < $b) b = i; print b - 1}' | cmp - l.csv
  $ covey info m.npz
  m.npz: kmeans model, 3 clusters of 4 features
  
    fitted on   150 rows
    inertia     78.8556658259773
    explained   88.4 % of the variance
    iterations  11; converged: no label changed any more
    seed        42
    scaling     none
    centers     float64
    features    sepal_length, sepal_width, petal_length, petal_width
  
    cluster         rows    share
          0           39   26.0 %  ###################
          1           50   33.3 %  #########################
          2           61   40.7 %  ##############################
  
    center             1             2             3             4
         0       6.85385       3.07692       5.71538       2.05385
         1         5.006         3.428         1.462         0.246
         2       5.88361       2.74098       4.38852       1.43443
  $ covey info m.npz --json | head -12
  {
    "file": "m.npz",
    "kind": "model",
    "algorithm": "kmeans",
    "clusters": 3,
    "features": 4,
    "names": [
      "sepal_length",
      "sepal_width",
      "petal_length",
      "petal_width"
    ],
  $ covey info iris.csv
  iris.csv: 150 rows, 5 columns (1 of them text), float64, 4.7 KiB
    delimiter: ,
    header: yes (line 1 has text over columns of numbers)
    columns: 4 of 5
  
    column  name                             min          max         mean
         1  sepal_length                     4.3          7.9      5.84333
         2  sepal_width                        2          4.4      3.05733
         3  petal_length                       1          6.9        3.758
         4  petal_width                      0.1          2.5      1.19933
         5  species                         text

Through JSON and back nothing changes.

  $ covey convert m.npz m.json; covey convert m.json n.npz; cmp m.npz n.npz
  $ covey predict m.json iris.csv -q | cmp - l.csv

A fit that starts from a model's centers is done at once.

  $ covey fit iris.csv --columns 1-4 --init m.npz --tol 0 | grep -E 'inertia|iterations'
  covey: iris.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 5
    inertia     78.8556658259773
    iterations  2; converged: no label changed any more
