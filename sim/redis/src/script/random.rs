//! The numbers of `math.random`: those of `lrand48`, equal on all machines.

/// The generator's state: 48 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;

impl Default for Random {
    fn default() -> Self {
        Random(0x1234_ABCD_330E)
    }
}

impl Random {
    pub(super) fn seeded(seed: i32) -> Self {
        Random(((seed as u32 as u64) << 16) | 0x330E)
    }

    /// The next number in [0, 1).
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        let most = i32::MAX as u64;
        ((self.0 >> 17) % most) as f64 / most as f64
    }
}
