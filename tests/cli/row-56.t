Row 56: model files that are none, too new, damaged, or attacks.

  $ printf '1,2\n3,4\n9,9\n8,9\n' > x.csv; covey fit x.csv -k 2 -q --model m.npz > /dev/null; covey convert m.npz m.json
  $ covey predict x.csv x.csv
  covey: error: x.csv: is not a covey model; covey 0.1.0 reads format version 1 to 1, as NPZ or JSON
    the model comes first, then the file to use it on
  [3]
  $ printf '\200\004\225\020' > p.npz; covey predict p.npz x.csv
  covey: error: p.npz: is a Python pickle, which covey never opens: reading one runs its code. covey 0.1.0 reads models in format version 1 to 1, as NPZ or JSON
  [3]
  $ head -c 300 m.npz > cut.npz; covey predict cut.npz x.csv
  covey: error: cut.npz: not a readable zip archive: Not a zip archive
  [3]
  $ python3 -c "
  > data = bytearray(open('m.npz', 'rb').read())
  > import struct
  > at = bytes(data).index(struct.pack('<d', 8.5)) 
  > data[at + 3] ^= 1
  > open('flip.npz', 'wb').write(data)"
  $ covey predict flip.npz x.csv
  covey: error: flip.npz[centers.npy]: damaged member: CRC error
  [3]
  $ python3 -c "open('deep.json', 'w').write('{\"a\":' * 100000)"; covey predict deep.json x.csv
  covey: error: deep.json: line 1, byte 160: JSON nested deeper than 32
  [3]
  $ sed 's/8\.5/8.25/' m.json > edited.json; covey predict edited.json x.csv
  covey: error: edited.json: the checksum does not fit: the file, written by covey 0.1.0, is damaged or was changed by hand (read by covey 0.1.0)
  [3]
  $ sed 's/"format_version": *1/"format_version": 99/' m.json > newer.json; covey predict newer.json x.csv
  covey: error: newer.json: model format version 99, written by covey 0.1.0; this covey 0.1.0 reads up to 1: update covey
  [3]
  $ echo '{}' > empty.json; covey predict empty.json x.csv
  covey: error: empty.json: is not a covey model
  [3]
  $ covey info flip.npz
  covey: error: flip.npz[centers.npy]: damaged member: CRC error
  [3]
