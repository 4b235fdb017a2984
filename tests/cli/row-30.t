Row 30: a model used on other columns.

  $ covey fit $DATA/iris.csv --columns 1-4 -k 3 --model m.npz -q > /dev/null
  $ printf 'sepal_length,sepal_width\n1,2\n' > two.csv; covey predict m.npz two.csv
  covey: two.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 2 of 2
  covey: error: two.csv has 2 features, but the model m.npz was fitted on 4
    --columns chooses the columns to use
  [3]
  $ printf 'sepal_length,sepal_width,petal_width,petal_height\n1,2,3,4\n' > other.csv; covey predict m.npz other.csv
  covey: other.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 4
  covey: error: column 3 of other.csv is 'petal_width', but the model was fitted on 'petal_length'
    name the columns in the model's order with --columns, or rename them in the file
  [3]
  $ covey transform m.npz other.csv
  covey: other.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 4
  covey: error: column 3 of other.csv is 'petal_width', but the model was fitted on 'petal_length'
    name the columns in the model's order with --columns, or rename them in the file
  [3]
  $ covey score m.npz other.csv
  covey: other.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 4
  covey: error: column 3 of other.csv is 'petal_width', but the model was fitted on 'petal_length'
    name the columns in the model's order with --columns, or rename them in the file
  [3]
  $ covey predict missing.npz other.csv
  covey: error: missing.npz: cannot read: No such file or directory
  [4]

Other order, and more columns: the model picks its own by name.

  $ cp $DATA/iris.csv .; covey predict m.npz iris.csv > a
  covey: iris.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 4 of 5
  $ awk -F, '{print $5 "," $4 "," $2 "," $3 "," $1}' $DATA/iris.csv > turned.csv
  $ covey predict m.npz turned.csv -q | cmp - a
  $ covey predict m.npz - < turned.csv -q | cmp - a

Without names, the count decides.

  $ tail -n +2 $DATA/iris.csv | cut -d, -f1-4 | covey predict m.npz - -q | cmp - a
