Row 60: built without PNG and JPEG: said at once, exit code 2; the rest works.

  $ covey fit nowhere.csv -k 2 --picture d.png
  covey: error: --picture: this covey cannot write PNG (this build or this combination does not offer the request)
  [2]
  $ printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > x.png; covey fit x.png -k 2
  covey: error: x.png: this covey was built without PNG support
  [2]
  $ printf '\377\330\377\340' > x.jpg; covey info x.jpg
  covey: error: x.jpg: this covey was built without JPEG support
  [2]
  $ printf '1\n2\n8\n9\n' | covey fit - -k 2 -q --labels -
  1
  1
  0
  0
