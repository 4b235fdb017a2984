Row 49: open quote, NUL byte, UTF-16, lone CR, BOM.

  $ printf '1,2\n3,"4\n5,6\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: a quote is opened and never closed; to write a quote inside a field, quote the field and double it
  [3]
  $ printf '1,2\n3,\0004\n5,6\n' | covey fit - -k 1
  covey: error: standard input: line 2, byte 6: a NUL byte: binary data, or UTF-16; convert with: iconv -f UTF-16 -t UTF-8
  [3]
  $ printf '1,2\n3,4\n' | iconv -t UTF-16 | covey fit - -k 1
  covey: error: standard input: line 1, byte 0: UTF-16 text; convert with: iconv -f UTF-16 -t UTF-8
  [3]
  $ printf '1,2\r3,4\r' | covey fit - -k 1
  covey: error: standard input: line 1, byte 3: a carriage return without a line feed (old Macintosh line ends?); convert with: tr '\r' '\n'
  [3]
  $ printf '\357\273\277a,b\r\n1,2\r\n3,4\r\n' | covey fit - -k 1 -q --centers -
  a,b
  2,3
