Row 56: model files that are none, too new, damaged, or attacks.

  $ printf '1,2\n3,4\n9,9\n8,9\n' > x.csv; covey fit x.csv -k 2 -q --model m.npz > /dev/null; covey convert m.npz m.json
  $ covey predict x.csv x.csv
  $ printf '\200\004\225\020' > p.npz; covey predict p.npz x.csv
  $ head -c 300 m.npz > cut.npz; covey predict cut.npz x.csv
  $ python3 -c "
  > data = bytearray(open('m.npz', 'rb').read())
  > import struct
  > at = bytes(data).index(struct.pack('<d', 8.5)) 
  > data[at + 3] ^= 1
  > open('flip.npz', 'wb').write(data)"
  $ covey predict flip.npz x.csv
  $ python3 -c "open('deep.json', 'w').write('[' * 100000)"; covey predict deep.json x.csv
  $ sed 's/8\.5/8.25/' m.json > edited.json; covey predict edited.json x.csv
  $ sed 's/"format[a-z_]*": *[0-9]*/"format_version": 99/' m.json > newer.json; covey predict newer.json x.csv
  $ echo '{}' > empty.json; covey predict empty.json x.csv
  $ covey info flip.npz
