Row 7: all points equal. The fit succeeds and says how many clusters there are.

  $ printf '1,2\n1,2\n1,2\n1,2\n' > x.csv
  $ covey fit x.csv -k 3
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: warning: only 1 distinct cluster found for k = 3; the rows may hold fewer different points
  x.csv: 4 rows, 2 features, 3 clusters
  
    cluster         rows    share
          0            4  100.0 %  ##############################
          1            0    0.0 %
          2            0    0.0 %
  
    inertia     0
    explained   nothing to explain: all rows are equal
    iterations  1; converged: the centers moved less than the tolerance
    start       k-means++
    seed        0
    time        .+ (re)
  $ covey fit x.csv -k 3 --json -q | grep distinct
    "distinct_clusters": 1,
  $ covey fit x.csv -k 3 -q --labels -
  0
  0
  0
  0
