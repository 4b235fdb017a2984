Row 50: cells that are no plain numbers; the locale does not matter.

  $ printf '1,2\n3,\n' | covey fit - -k 1
  $ printf '1,2\n3,"1,5"\n' | covey fit - -k 1
  $ printf '1;2\n3;1,5\n' | covey fit - -k 1
  $ printf '1,2\n3,1e400\n' | covey fit - -k 1
  $ printf '1,2\n3,0x1F\n' | covey fit - -k 1
  $ python3 -c "print('1,2\n3,0.' + '3' * 1000)" | covey fit - -k 1
  $ for l in C C.UTF-8 de_DE.UTF-8; do printf '1.5,2\n3.5,4.25\n' | LC_ALL=$l covey fit - -k 1 -q --centers -; done
