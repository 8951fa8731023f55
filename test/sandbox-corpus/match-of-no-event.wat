;; Reports a match while it is asked for candidates.
;; expect: run foreign-match
(module
  (import "env" "memory" (memory $memory 1 65536 shared))
  (import "env" "match" (func $match (param i32 i32)))
  (global $fuel (mut i32) (i32.const 0))
  (export "evaluate" (func $evaluate))
  (export "candidates" (func $candidates))
  (export "fuel" (global $fuel))
  (func $candidates (param i32 i32) (result i64) (check 1000) (call $match (i32.const 0) (i32.const 65536)) (i64.const -1))
  (func $evaluate (param $from i32) (param $to i32)
    (check 1000)
    (nop)
  ))
