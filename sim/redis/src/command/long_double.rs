//! Arithmetic of C's `long double` on x86-64, which `INCRBYFLOAT` and `HINCRBYFLOAT` use: 64 bits
//! of precision, rounded to the nearest, ties to even.

use std::cmp::Ordering;

/// The bits of a mantissa.
const PRECISION: i64 = 64;
/// Exponents of the lowest and highest bit of a finite number.
const LEAST_EXPONENT: i64 = -16445;
const MOST_EXPONENT: i64 = 16383;
/// Maximum length of a parsed text, in bytes.
const MOST_DIGITS: usize = 256;
/// Digits after the decimal point in Redis' output.
const PLACES: usize = 17;

/// A finite number or an infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LongDouble {
    Finite(Finite),
    Infinite,
}

/// `mantissa * 2^exponent`, negated if `is_negative`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finite {
    is_negative: bool,
    mantissa: u64,
    exponent: i64,
}

impl LongDouble {
    pub(super) const ZERO: LongDouble =
        LongDouble::Finite(Finite { is_negative: false, mantissa: 0, exponent: 0 });

    /// Parses a number as C's `strtold` does, except hexadecimal numbers. The whole text must
    /// match. A number that does not fit is an error.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() >= MOST_DIGITS {
            return None;
        }
        let (is_negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") {
            return Some(LongDouble::Infinite);
        }
        let at = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (digits, power) = match at {
            None => (rest, 0),
            Some(at) => (&rest[..at], std::str::from_utf8(&rest[at + 1..]).ok()?.parse::<i64>().ok()?),
        };
        let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
        let (before, after) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
        let all: Vec<u8> = before.iter().chain(after).copied().collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut number = Natural::default();
        all.iter().for_each(|digit| number.multiply_and_add(10, u32::from(digit - b'0')));
        if number.is_zero() {
            return Some(LongDouble::Finite(Finite { is_negative, mantissa: 0, exponent: 0 }));
        }
        let power = power.checked_sub(after.len() as i64).filter(|power| power.abs() < 10_000)?;
        let finite = if power >= 0 {
            (0..power).for_each(|_| number.multiply_and_add(10, 0));
            rounded(is_negative, &number, 0, false)
        } else {
            let mut divisor = Natural::one();
            (0..-power).for_each(|_| divisor.multiply_and_add(10, 0));
            // The quotient has at least two bits more than the precision.
            let shift = (divisor.bits() - number.bits() + PRECISION + 2).max(0);
            let (quotient, is_exact) = number.shifted(shift).divided(&divisor);
            rounded(is_negative, &quotient, -shift, !is_exact)
        };
        let top = finite.exponent + i64::from(64 - finite.mantissa.leading_zeros()) - 1;
        (LEAST_EXPONENT..=MOST_EXPONENT).contains(&top).then_some(LongDouble::Finite(finite))
    }

    /// The number times 1,000, rounded up; `None` if it does not fit.
    pub(super) fn thousandfold(&self) -> Option<i64> {
        let LongDouble::Finite(finite) = self else { return None };
        let mut product = Natural::from(finite.mantissa);
        product.multiply_and_add(1000, 0);
        let product = rounded(finite.is_negative, &product, finite.exponent, false);
        if product.mantissa == 0 {
            return Some(0);
        }
        let magnitude = if product.exponent >= 0 {
            u64::try_from(u128::from(product.mantissa).checked_shl(u32::try_from(product.exponent).ok()?)?)
                .ok()
                .filter(|_| product.exponent < 64)?
        } else {
            let shift = -product.exponent;
            let whole = if shift < 64 { product.mantissa >> shift } else { 0 };
            let has_rest = shift >= 64 || product.mantissa & ((1 << shift) - 1) != 0;
            whole + u64::from(has_rest && !product.is_negative)
        };
        let magnitude = i64::try_from(magnitude).ok()?;
        Some(if product.is_negative { -magnitude } else { magnitude })
    }

    /// The sum; `None` if it is not finite.
    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        let (LongDouble::Finite(one), LongDouble::Finite(other)) = (self, other) else { return None };
        if one.mantissa == 0 {
            return Some(LongDouble::Finite(other.clone()));
        }
        if other.mantissa == 0 {
            return Some(LongDouble::Finite(one.clone()));
        }
        let (high, low) = if one.exponent >= other.exponent { (one, other) } else { (other, one) };
        // Beyond this distance, the smaller number only affects the rounding direction.
        let (low_mantissa, low_exponent) = if high.exponent - low.exponent > 3 * PRECISION {
            (1, high.exponent - 3 * PRECISION)
        } else {
            (low.mantissa, low.exponent)
        };
        let wide = Natural::from(high.mantissa).shifted(high.exponent - low_exponent);
        let narrow = Natural::from(low_mantissa);
        let (is_negative, sum) = if high.is_negative == low.is_negative {
            (high.is_negative, wide.plus(&narrow))
        } else {
            match wide.compare(&narrow) {
                Ordering::Equal => return Some(LongDouble::ZERO),
                Ordering::Greater => (high.is_negative, wide.minus(&narrow)),
                Ordering::Less => (low.is_negative, narrow.minus(&wide)),
            }
        };
        let sum = rounded(is_negative, &sum, low_exponent, false);
        let top = sum.exponent + i64::from(64 - sum.mantissa.leading_zeros()) - 1;
        (top <= MOST_EXPONENT).then_some(LongDouble::Finite(sum))
    }
}

/// Formats the number as Redis does: at most 17 decimal places, without trailing zeros.
impl Finite {
    fn text(&self) -> String {
        // The number times 10^17, rounded to the nearest.
        let mut scaled = Natural::from(self.mantissa);
        (0..PLACES).for_each(|_| scaled.multiply_and_add(10, 0));
        let scaled = if self.exponent >= 0 {
            scaled.shifted(self.exponent)
        } else {
            scaled.shifted_right_to_nearest(-self.exponent)
        };
        let mut digits = scaled.decimal();
        if digits.len() <= PLACES {
            digits.insert_str(0, &"0".repeat(PLACES + 1 - digits.len()));
        }
        digits.insert(digits.len() - PLACES, '.');
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        if self.is_negative && digits != "0" { format!("-{digits}") } else { digits.to_owned() }
    }
}

impl std::fmt::Display for LongDouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LongDouble::Finite(finite) => f.write_str(&finite.text()),
            LongDouble::Infinite => f.write_str("inf"),
        }
    }
}

/// `number * 2^exponent`, rounded to the precision. `has_more`: a non-zero rest follows.
fn rounded(is_negative: bool, number: &Natural, exponent: i64, has_more: bool) -> Finite {
    let surplus = number.bits() - PRECISION;
    if surplus <= 0 {
        return Finite { is_negative, mantissa: number.low(), exponent };
    }
    let kept = number.shifted_right(surplus).low();
    let half = number.bit(surplus - 1);
    let is_above_half = has_more || number.has_bit_below(surplus - 1);
    let rounds_up = half && (is_above_half || kept & 1 == 1);
    let (mantissa, exponent) = match kept.checked_add(u64::from(rounds_up)) {
        Some(mantissa) => (mantissa, exponent + surplus),
        None => (1 << 63, exponent + surplus + 1),
    };
    Finite { is_negative, mantissa, exponent }
}

/// A natural number of any size, as digits to the base 2^32, lowest first, without leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl From<u64> for Natural {
    fn from(number: u64) -> Self {
        Natural(vec![number as u32, (number >> 32) as u32]).trimmed()
    }
}

impl Natural {
    fn one() -> Self {
        Natural(vec![1])
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn low(&self) -> u64 {
        let digit = |at: usize| u64::from(self.0.get(at).copied().unwrap_or(0));
        digit(0) | digit(1) << 32
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |top| self.0.len() as i64 * 32 - i64::from(top.leading_zeros()))
    }

    fn bit(&self, at: i64) -> bool {
        self.0.get((at / 32) as usize).is_some_and(|digit| digit >> (at % 32) & 1 == 1)
    }

    fn has_bit_below(&self, at: i64) -> bool {
        (0..at).any(|at| self.bit(at))
    }

    fn multiply_and_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn shifted(&self, by: i64) -> Natural {
        let mut digits = vec![0; (by / 32) as usize];
        let mut carry = 0;
        for digit in &self.0 {
            let wide = u64::from(*digit) << (by % 32) | carry;
            digits.push(wide as u32);
            carry = wide >> 32;
        }
        digits.push(carry as u32);
        Natural(digits).trimmed()
    }

    fn shifted_right(&self, by: i64) -> Natural {
        let mut digits: Vec<u32> = self.0.iter().skip((by / 32) as usize).copied().collect();
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let wide = carry << 32 | u64::from(*digit);
            *digit = (wide >> (by % 32)) as u32;
            carry = wide & ((1 << (by % 32)) - 1);
        }
        Natural(digits).trimmed()
    }

    /// Divides by `2^by`, rounded to the nearest, ties to even.
    fn shifted_right_to_nearest(&self, by: i64) -> Natural {
        let mut result = self.shifted_right(by);
        if self.bit(by - 1) && (self.has_bit_below(by - 1) || result.bit(0)) {
            result = result.plus(&Natural::one());
        }
        result
    }

    fn plus(&self, other: &Natural) -> Natural {
        let mut digits = Vec::new();
        let mut carry = 0;
        for at in 0..self.0.len().max(other.0.len()) {
            let digit = |number: &Natural| u64::from(number.0.get(at).copied().unwrap_or(0));
            carry += digit(self) + digit(other);
            digits.push(carry as u32);
            carry >>= 32;
        }
        digits.push(carry as u32);
        Natural(digits).trimmed()
    }

    /// The difference from a smaller number.
    fn minus(&self, other: &Natural) -> Natural {
        let mut digits = Vec::new();
        let mut borrow = 0;
        for (at, digit) in self.0.iter().enumerate() {
            let mut wide = i64::from(*digit) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(wide < 0);
            wide += borrow << 32;
            digits.push(wide as u32);
        }
        Natural(digits).trimmed()
    }

    fn compare(&self, other: &Natural) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// The quotient, and whether the remainder is 0.
    fn divided(&self, divisor: &Natural) -> (Natural, bool) {
        let (mut quotient, mut rest) = (Natural::default(), self.clone());
        for shift in (0..=(self.bits() - divisor.bits()).max(0)).rev() {
            let part = divisor.shifted(shift);
            if rest.compare(&part) != Ordering::Less {
                rest = rest.minus(&part);
                quotient = quotient.plus(&Natural::one().shifted(shift));
            }
        }
        (quotient, rest.is_zero())
    }

    fn decimal(mut self) -> String {
        let mut groups = Vec::new();
        while !self.is_zero() {
            let mut rest = 0;
            for digit in self.0.iter_mut().rev() {
                let wide = rest << 32 | u64::from(*digit);
                *digit = (wide / 1_000_000_000) as u32;
                rest = wide % 1_000_000_000;
            }
            groups.push(rest);
            self = self.trimmed();
        }
        let first = groups.pop().unwrap_or(0).to_string();
        groups.iter().rev().fold(first, |text, group| format!("{text}{group:09}"))
    }
}

#[cfg(test)]
mod tests {
    use super::LongDouble;

    fn sum(one: &str, other: &str) -> Option<String> {
        let [one, other] = [one, other].map(|text| LongDouble::parse(text.as_bytes()));
        Some(one?.plus(&other?)?.to_string())
    }

    /// The expected texts are those of redis-server 7.0.15.
    #[test]
    fn sums_are_those_of_long_double() {
        for (one, other, expected) in [
            ("10.50", "0.1", "10.6"),
            ("3", "1.1", "4.1"),
            ("5.0e3", "2.0e2", "5200"),
            ("0", "0", "0"),
            ("-1.5", "1.5", "0"),
            ("1000.1", "0.2", "1000.29999999999999999"),
            ("1", "1e-17", "1.00000000000000001"),
            ("1e20", "1", "100000000000000000000"),
            ("-0.25", "-0.5", "-0.75"),
        ] {
            assert_eq!(sum(one, other).as_deref(), Some(expected), "{one} + {other}");
        }
        for (one, other) in
            [("inf", "1"), ("x", "1"), ("", "1"), ("1e5000", "1"), (" 1", "1"), ("1.5.5", "1")]
        {
            assert_eq!(sum(one, other), None, "{one} + {other}");
        }
    }
}
