Row 49: open quote, NUL byte, UTF-16, lone CR, BOM.

  $ printf '1,2\n3,"4\n5,6\n' | covey fit - -k 1
  $ printf '1,2\n3,\0004\n5,6\n' | covey fit - -k 1
  $ printf '1,2\n3,4\n' | iconv -t UTF-16 | covey fit - -k 1
  $ printf '1,2\r3,4\r' | covey fit - -k 1
  $ printf '\357\273\277a,b\r\n1,2\r\n3,4\r\n' | covey fit - -k 1 -q --centers -
