;; Reads all that the memory holds, also of events that its rules are not about.
;; expect: run ok
(module
  (import "env" "memory" (memory $memory 1 65536 shared))
  (import "env" "match" (func $match (param i32 i32)))
  (global $fuel (mut i32) (i32.const 0))
  (export "evaluate" (func $evaluate))
  (export "candidates" (func $candidates))
  (export "fuel" (global $fuel))
  (func $candidates (param i32 i32) (result i64) (check 1000) (i64.const -1))
  (func $evaluate (param $from i32) (param $to i32) (local $at i32)
    (check 1000)
    (loop $next (check 1000)
      (if (i64.eq (i64.load (local.get $at)) (i64.const 0x7465726365737361)) (then (return)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 65536))))
    (call $match (i32.const 0) (local.get $from))
  ))
