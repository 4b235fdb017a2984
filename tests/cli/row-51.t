Row 51: caps, and what was decided about the header.

  $ python3 -c "print('1,2\n3,' + '4' * (2 << 20))" | covey fit - -k 1
  $ printf '1,2\n3,44444\n' | covey fit - -k 1 --max-field 3
  $ python3 -c "print(','.join('1' for i in range(50)))" | covey fit - -k 1 --max-columns 20
  $ printf '1,2\n3,4\n' | covey fit - -k 1 > /dev/null
  $ printf 'a,b\n3,4\n' | covey fit - -k 1 > /dev/null
  $ printf 'a\tb\n3\t4\n' | covey fit - -k 1 > /dev/null
  $ printf '2001,2002\n3,4\n' | covey fit - -k 1 --header yes -q --centers -
