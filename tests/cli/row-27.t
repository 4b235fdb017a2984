Row 27: the same bits for every instruction set that this machine has.

  $ covey make blobs -n 3000 --features 13 -k 7 --std 3 -q -o x.npy
  $ covey fit x.npy -k 9 --labels l.npy --centers c.npy -q | grep inertia > i
  $ COVEY_ISA=portable covey fit x.npy -k 9 --labels lp.npy --centers cp.npy -q --json | grep instruction_set
    "instruction_set": "portable",
  $ cmp l.npy lp.npy; cmp c.npy cp.npy
  $ for isa in avx2 avx2-vnni avx512 avx512-vnni neon neon-dot; do
  >   COVEY_ISA=$isa covey fit x.npy -k 9 --labels l-$isa.npy --centers c-$isa.npy -q > out-$isa 2>&1
  >   case $? in 0) cmp l.npy l-$isa.npy; cmp c.npy c-$isa.npy; grep inertia out-$isa | cmp - i ;; 2) ;; *) cat out-$isa ;; esac
  > done
  $ COVEY_ISA=sse9 covey fit x.npy -k 9
  covey: error: name is 'sse9'; it must be one of portable, avx2, avx2-vnni, avx512, avx512-vnni, neon, neon-dot
    this comes from the environment variable COVEY_ISA
  [2]
