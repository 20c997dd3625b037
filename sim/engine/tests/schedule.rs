//! The text of schedules: printing and parsing are inverse, and errors are specific.

use proptest::prelude::*;
use selvedge_engine::{MAX_TASKS, Schedule, ScheduleError};

/// Blocks of decisions.
fn turns() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let choice = prop_oneof![4 => Just(0), 1 => 0..4u32, 1 => 0..=u32::from(u16::MAX)];
    let block = (0..MAX_TASKS as u32, choice, 1..30usize);
    proptest::collection::vec(block, 0..40).prop_map(|blocks| {
        blocks
            .into_iter()
            .flat_map(|(task, choice, count)| std::iter::repeat_n((task, choice), count))
            .collect()
    })
}

proptest! {
    #[test]
    fn printed_schedules_parse_identically(turns in turns()) {
        let schedule: Schedule = turns.iter().copied().collect();
        let text = schedule.to_string();
        let read: Schedule = text.parse().unwrap();
        prop_assert_eq!(read.decisions().collect::<Vec<_>>(), turns);
        prop_assert_eq!(read.to_string(), text.clone());
        prop_assert_eq!(read, schedule);
        prop_assert!(text.chars().all(|it| it.is_ascii_alphanumeric() || ":.".contains(it)), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(s1:)?[a-zA-Z0-9.:é ]{0,20}") {
        if let Ok(schedule) = text.parse::<Schedule>() {
            let again: Schedule = schedule.to_string().parse().unwrap();
            prop_assert_eq!(again, schedule);
        }
    }
}

#[test]
fn the_text_of_version_1_is_stable() {
    let schedule: Schedule =
        [(0, 0), (1, 0), (1, 0), (2, 0), (2, 3), (25, 0), (26, 0), (63, 1)].into_iter().collect();
    assert_eq!(schedule.to_string(), "s1:ab2cc.3zAaBl.1");
    assert_eq!(Schedule::default().to_string(), "s1:");
    assert_eq!(" s1:aab\n".parse::<Schedule>().unwrap().to_string(), "s1:a2b");
}

#[test]
fn parse_errors_name_the_error_and_its_position() {
    use ScheduleError::{Choice, Count, NoSuchTask, NoVersion, Task, Version};
    let cases = [
        ("", NoVersion, "a schedule begins with its version, as in `s1:ab2a`"),
        ("ab2a", NoVersion, "begins with its version"),
        ("s7:ab", Version("s7".to_owned()), "of version `s7`, but this engine reads `s1`"),
        ("s1:a b", Task(5, Some(' ')), "character 5 of the schedule is ` `"),
        ("s1:2a", Task(4, Some('2')), "character 4 of the schedule is `2`"),
        ("s1:abA", Task(7, None), "cut off at character 7"),
        ("s1:aBA", Task(6, Some('A')), "where a task's letter should be"),
        ("s1:aBm", NoSuchTask(5, 64), "names task 64, but an exploration has at most 64 tasks"),
        ("s1:ab0", Count(6), "number of events at character 6"),
        ("s1:a99999999999999999999999", Count(5), "or takes the schedule over"),
        ("s1:a.b", Choice(6), "character 6 of the schedule should be the number of an alternative"),
        ("s1:a2.65536", Choice(7), "at most 65535"),
    ];
    for (text, error, words) in cases {
        let found = text.parse::<Schedule>().unwrap_err();
        assert_eq!(found, error, "{text}");
        assert!(found.to_string().contains(words), "{text}: {found}");
    }
}
