Row 51: caps, and what was decided about the header.

  $ python3 -c "print('1,2\n3,' + '4' * (2 << 20))" > x.csv; covey fit x.csv -k 1
  covey: error: x.csv: line 2, byte 6: a field of more than 1048576 bytes
  [3]
  $ python3 -c "print('1,2\n3,' + '4' * 2000)" | covey fit - -k 1 --max-field 1K
  covey: error: standard input: line 2, byte 6: a field of more than 1024 bytes
  [3]
  $ python3 -c "print(','.join('1' for i in range(50)))" | covey fit - -k 1 --max-columns 20
  covey: error: standard input: line 1, byte 40: more than 20 columns
  [3]
  $ printf '1,2\n3,4\n' | covey fit - -k 1 > /dev/null
  covey: standard input: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  $ printf 'a,b\n3,4\n' | covey fit - -k 1 > /dev/null
  covey: standard input: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 2 of 2
  $ printf 'a\tb\n3\t4\n' | covey fit - -k 1 > /dev/null
  covey: standard input: delimiter: tab (a guess: another one is possible; --delimiter settles it) | header: yes (line 1 has text over columns of numbers) | columns: 2 of 2
  $ printf '2001,2002\n3,4\n' | covey fit - -k 1 --header yes -q --centers -
  "2001","2002"
  3,4
