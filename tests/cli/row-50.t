Row 50: cells that are no plain numbers; the locale does not matter.

  $ printf '1,2\n3,\n' | covey fit - -k 1
  covey: error: standard input: NaN (missing value) in row 1 (line 2, byte 6), column 2 (1 row affected); --missing drop or mean
  [3]
  $ printf '1,2\n3,"1,5"\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 7: '1,5' in column 2 has a comma; numbers need a decimal point
  [3]
  $ printf '1;2\n3;1,5\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: '1,5' in column 2 has a comma; numbers need a decimal point
  [3]
  $ printf '1,2\n3,1e400\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: '1e400' in column 2 is beyond the largest float64, about 1.8e308
  [3]
  $ printf '1,2\n3,0x1F\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: '0x1F' in column 2 is hexadecimal; write it as a decimal number
  [3]
  $ python3 -c "print('1,2\n3,0.' + '3' * 1000)" | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: '0.3333333333333333333333333333333333333333333333...' in column 2 is a number of more than 400 characters
  [3]
  $ for l in C C.UTF-8 de_DE.UTF-8; do printf '1.5,2\n3.5,4.25\n' | LC_ALL=$l covey fit - -k 1 -q --centers -; done
  2.5,3.125
  2.5,3.125
  2.5,3.125
