;; Pays for each load, and makes each miss the caches.
;; expect: run out-of-fuel
(module
  (import "env" "memory" (memory $memory 1 65536 shared))
  (import "env" "match" (func $match (param i32 i32)))
  (global $fuel (mut i32) (i32.const 0))
  (export "evaluate" (func $evaluate))
  (export "candidates" (func $candidates))
  (export "fuel" (global $fuel))
  (func $candidates (param i32 i32) (result i64) (check 1000) (i64.const -1))
  (func $evaluate (param $from i32) (param $to i32) (local $at i32) (local $sum i32)
    (check 1000)
    (loop $again (check 1000)
      (local.set $at (i32.and (i32.add (i32.mul (local.get $at) (i32.const 1103515245)) (i32.const 12345)) (i32.const 131064)))
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (br $again))
  ))
