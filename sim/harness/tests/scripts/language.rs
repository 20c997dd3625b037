//! The language: the top level of a script is executed when it is read, so an assertion there is a
//! test.

use super::{PLAIN, mistake_of, one_reader, read};

/// Checks that the assertions hold.
fn check(program: &str) {
    let script = format!("{program}\ndef get(key):\n    return None\ndef set(key, value):\n    pass\n");
    if let Err(mistakes) = read(&script, &one_reader(PLAIN, "consistency = \"eventual\"")) {
        panic!("{program}\n{mistakes:#?}");
    }
}

#[test]
fn an_assertion_that_does_not_hold_is_an_error() {
    assert_eq!(mistake_of("assert 1 == 2\n"), "the top level fails: an assertion does not hold");
    assert_eq!(mistake_of("assert False, \"so\"\n"), "the top level fails: so");
}

#[test]
fn numbers_are_computed_as_in_python() {
    for program in [
        "assert 7 // 2 == 3 and -7 // 2 == -4 and 7 // -2 == -4",
        "assert 7 % 3 == 1 and -7 % 3 == 2 and 7 % -3 == -2",
        "assert 7 / 2 == 3.5 and 4 / 2 == 2",
        "assert 1 + 2 * 3 - 4 == 3 and (1 + 2) * 3 == 9",
        "assert 0x10 == 16 and 1_000 == 1000 and 0.5 + 0.25 == 0.75",
        "assert 1 < 2 and 2 <= 2 and not 3 < 2 and 1 != 2",
        "assert min(3, 1, 2) == 1 and max([3, 1, 2]) == 3 and abs(-2) == 2 and sum([1, 2]) == 3",
    ] {
        check(program);
    }
}

#[test]
fn strings_are_as_in_python() {
    for program in [
        "assert \"a\" + 'b' == \"ab\" and \"ab\" * 2 == \"abab\" and len(\"é\") == 1",
        "assert \"user:%s, %d\" % (\"x\", 3) == \"user:x, 3\" and \"%s\" % 5 == \"5\"",
        "assert f\"user:{1 + 1}{{}}\" == \"user:2{}\"",
        "assert \"{}:{name}\".format(1, name=\"a\") == \"1:a\"",
        "assert \"a,b\".split(\",\") == [\"a\", \"b\"] and \"-\".join([\"a\", \"b\"]) == \"a-b\"",
        "assert \"user:1\"[5:] == \"1\" and \"user:1\"[-1] == \"1\" and \"user:1\".startswith(\"user\")",
        "assert \"ser\" in \"user\" and \"x\" not in \"user\"",
        "assert \"\"\"two\nlines\"\"\" == \"two\\nlines\" and r\"\\n\" != \"\\n\"",
        "assert str([1, \"a\", None, True]) == '[1, \"a\", None, True]'",
    ] {
        check(program);
    }
}

#[test]
fn lists_and_dicts_are_as_in_python() {
    for program in [
        "xs = [1, 2, 3]\nassert [x * 2 for x in xs if x != 2] == [2, 6]",
        "d = {\"a\": 1, \"b\": 2}\nassert d[\"a\"] == 1 and d.get(\"c\", 3) == 3 and \"b\" in d",
        "d = {k: k + 1 for k in range(3)}\nassert d == {0: 1, 1: 2, 2: 3}",
        "a, (b, c) = 1, (2, 3)\nassert (a, b, c) == (1, 2, 3)",
        "xs = []\nfor x in range(5):\n    if x == 1:\n        continue\n    if x == 4:\n        break\n    xs.append(x)\nassert xs == [0, 2, 3]",
        "xs = [3, 1, 2]\nassert sorted(xs) == [1, 2, 3] and list(reversed(xs)) == [2, 1, 3]",
        "xs = [1]\nxs += [2]\nxs[0] = 5\ndel xs[1]\nassert xs == [5]",
        "assert [i + x for i, x in enumerate([1, 1])] == [1, 2] and list(zip([1], [2])) == [(1, 2)]",
        "n = 0\nwhile n < 3:\n    n += 1\nassert n == 3",
    ] {
        check(program);
    }
}

#[test]
fn functions_and_exceptions_are_as_in_python() {
    for program in [
        "def f(a, b=2, c=3):\n    return (a, b, c)\nassert f(1) == (1, 2, 3) and f(1, c=5) == (1, 2, 5)",
        "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\nassert f(10) == 3628800",
        "def f(x):\n    return lambda y: x + y\nassert f(1)(2) == 3",
        "def f():\n    for x in range(3):\n        try:\n            if x == 1:\n                return x\n        finally:\n            seen.append(x)\nseen = [\"no\"]\n",
        "def f():\n    try:\n        raise ValueError(\"no\")\n    except ValueError as e:\n        return str(e)\nassert f() == \"no\"",
        "def f():\n    try:\n        fail(\"x\")\n    except Exception:\n        return 1\n    return 2\nassert f() == 1",
        "def f():\n    try:\n        pass\n    except Exception:\n        return 1\n    else:\n        return 2\nassert f() == 2",
        "def f(xs):\n    try:\n        return xs[5]\n    except Exception:\n        return None\nassert f([]) == None",
        "assert (None or 1) == 1 and (0 and 1) == 0 and (2 if True else 3) == 2",
    ] {
        check(program);
    }
}

#[test]
fn a_finally_is_executed_once_on_each_way_out() {
    check(
        "def f(way):\n    seen = []\n    for _ in range(1):\n        try:\n            try:\n                if way == \"break\":\n                    break\n                if way == \"raise\":\n                    fail(\"x\")\n                if way == \"continue\":\n                    continue\n            finally:\n                seen.append(way)\n        except Exception:\n            seen.append(\"caught\")\n    return seen\nassert f(\"break\") == [\"break\"]\nassert f(\"continue\") == [\"continue\"]\nassert f(\"raise\") == [\"raise\", \"caught\"]\nassert f(\"\") == [\"\"]",
    );
}
