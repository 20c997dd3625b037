//! The setting `notify-keyspace-events`: which keyspace events are published.

/// A set of event types and of channels to publish them on, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events(u16);

impl Events {
    pub(crate) const GENERIC: Events = Events(1 << 0);
    pub(crate) const STRING: Events = Events(1 << 1);
    pub(crate) const LIST: Events = Events(1 << 2);
    pub(crate) const SET: Events = Events(1 << 3);
    pub(crate) const HASH: Events = Events(1 << 4);
    pub(crate) const SORTED_SET: Events = Events(1 << 5);
    pub(crate) const EXPIRED: Events = Events(1 << 6);
    /// A key was created.
    pub(crate) const NEW: Events = Events(1 << 7);
    /// A missing key was read.
    pub(crate) const MISS: Events = Events(1 << 8);
    /// Publish on the key's channel.
    pub(crate) const KEYSPACE: Events = Events(1 << 9);
    /// Publish on the event's channel.
    pub(crate) const KEYEVENT: Events = Events(1 << 10);
    pub(crate) const STREAM: Events = Events(1 << 12);
    // These events never occur here, but the setting accepts them.
    const EVICTED: Events = Events(1 << 11);
    const MODULE: Events = Events(1 << 13);

    /// `A`: all event types except `m` and `n`.
    const ALL: Events = Events(0b11_1000_0111_1111);

    /// In the order of Redis' `CONFIG GET`.
    const LETTERS: [(u8, Events); 14] = [
        (b'g', Events::GENERIC),
        (b'$', Events::STRING),
        (b'l', Events::LIST),
        (b's', Events::SET),
        (b'h', Events::HASH),
        (b'z', Events::SORTED_SET),
        (b'x', Events::EXPIRED),
        (b'e', Events::EVICTED),
        (b't', Events::STREAM),
        (b'd', Events::MODULE),
        (b'n', Events::NEW),
        (b'K', Events::KEYSPACE),
        (b'E', Events::KEYEVENT),
        (b'm', Events::MISS),
    ];

    pub(crate) fn has(self, other: Events) -> bool {
        self.0 & other.0 != 0
    }

    fn has_all(self, other: Events) -> bool {
        self.0 & other.0 == other.0
    }

    /// Parses the letters of the setting; `None` if one of them is invalid.
    pub(crate) fn parse(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Events::default(), |events, letter| {
            let named = if *letter == b'A' {
                Events::ALL
            } else {
                Events::LETTERS.iter().find(|(known, _)| known == letter)?.1
            };
            Some(Events(events.0 | named.0))
        })
    }

    /// The letters of the setting. When `A` is set, Redis omits the letters that it covers, and
    /// `n`.
    pub(crate) fn letters(self) -> String {
        let all = self.has_all(Events::ALL);
        let covered = |events: Events| Events(Events::ALL.0 | Events::NEW.0).has(events);
        let named =
            Events::LETTERS.iter().filter(|(_, events)| self.has(*events) && !(all && covered(*events)));
        let letters = named.map(|(letter, _)| char::from(*letter));
        all.then_some('A').into_iter().chain(letters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    #[test]
    fn the_setting_round_trips_as_in_redis() {
        for (given, shown) in
            [("", ""), ("KEA", "AKE"), ("Kx$g", "g$xK"), ("g$lshzxetdK", "AK"), ("Em", "Em")]
        {
            assert_eq!(Events::parse(given.as_bytes()).map(Events::letters).as_deref(), Some(shown));
        }
        assert_eq!(Events::parse(b"KQ"), None);
        assert!(!Events::parse(b"A").unwrap().has(Events::MISS));
    }
}
