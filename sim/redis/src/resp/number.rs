//! Formatting of numbers, as in Redis.

/// Formats an integer.
pub(crate) fn integer(number: i64) -> String {
    number.to_string()
}

/// Formats a floating-point number like C's `%.17g`, with 17 significant digits, as Redis 7.0 does
/// in replies.
pub(crate) fn double(number: f64) -> String {
    general(number, 17)
}

/// Formats a floating-point number like C's `%.{digits}g`.
pub(crate) fn general(number: f64, digits: usize) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{number:.0$e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
    let digits = i32::try_from(digits).expect("a few digits");
    if !(-4..digits).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs());
    }
    let places = usize::try_from(digits - 1 - exponent).expect("the exponent is below the digits");
    without_zeros(&format!("{number:.places$}")).to_owned()
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn doubles_are_written_as_printf_does() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (1.5, "1.5"),
            (0.1, "0.10000000000000001"),
            (-3.25, "-3.25"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e300, "1.5000000000000001e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (9_007_199_254_740_993.0, "9007199254740992"),
        ];
        for (number, text) in cases {
            assert_eq!(double(number), text);
        }
    }
}
