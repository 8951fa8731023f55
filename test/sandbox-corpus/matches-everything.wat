;; Reports each event, by all of its rules.
;; expect: run ok
(module
  (import "env" "memory" (memory $memory 1 65536 shared))
  (import "env" "match" (func $match (param i32 i32)))
  (global $fuel (mut i32) (i32.const 0))
  (export "evaluate" (func $evaluate))
  (export "candidates" (func $candidates))
  (export "fuel" (global $fuel))
  (func $candidates (param i32 i32) (result i64) (check 1000) (i64.const -1))
  (func $evaluate (param $from i32) (param $to i32)
    (check 1000)
    (loop $next (check 1000)
      (call $match (i32.const 0) (local.get $from))
      (call $match (i32.const 1) (local.get $from))
      (local.set $from (i32.add (local.get $from) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $to))))
  ))
