//! A message put together in const evaluation, which has no formatting.

/// Words one behind the other, until one does not fit.
pub(super) struct Message {
    bytes: [u8; 1024],
    len: usize,
}

/// Bytes of the longest name that is shown.
const SHOWN: usize = 100;

impl Message {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    /// Appends `text`, or nothing of it when it does not fit any more.
    pub(super) const fn text(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.len() <= self.bytes.len() - self.len {
            let mut i = 0;
            while i < bytes.len() {
                self.bytes[self.len] = bytes[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    /// Appends a name, or an ellipsis for one that would push the rest out.
    pub(super) const fn name(self, name: &str) -> Self {
        self.text(if name.len() <= SHOWN { name } else { "…" })
    }

    /// Appends a number.
    pub(super) const fn number(self, number: usize) -> Self {
        let message = if number >= 10 { self.number(number / 10) } else { self };
        message.digit(number % 10)
    }

    /// Appends a number that may be negative, of at most 64 bits.
    pub(super) const fn signed(self, number: i128) -> Self {
        let message = if number < 0 { self.text("-") } else { self };
        message.number(number.unsigned_abs() as usize)
    }

    const fn digit(mut self, digit: usize) -> Self {
        if self.len < self.bytes.len() {
            self.bytes[self.len] = b'0' + digit as u8;
            self.len += 1;
        }
        self
    }

    /// Fails with the message.
    ///
    /// # Panics
    ///
    /// Always.
    #[track_caller]
    pub(super) const fn panic(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(message) => panic!("{}", message),
            Err(_) => panic!("a layout differs from what is stated"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    #[should_panic(expected = "18446744073709551615, 0 and -9223372036854775808")]
    fn numbers_of_all_lengths_are_written() {
        Message::new().number(usize::MAX).text(", ").number(0).text(" and ").signed(i64::MIN.into()).panic();
    }

    #[test]
    #[should_panic(expected = "the end")]
    fn what_does_not_fit_is_left_out_whole() {
        let long = "é".repeat(600);
        Message::new().text(&long).text("the end").panic();
    }
}
