// SPDX-License-Identifier: Apache-2.0

/// Short texts on which tokenizers part ways if their merges, their way of cutting words, their
/// normalization or their special tokens differ.
enum TokenizationCorpus {
  static let texts = [
    "The quick brown fox jumps over the lazy dog.",
    "It's what they'd've said: \"we'll see\", isn't it?",
    "THE CamelCase of HTTPServer and iPhone14ProMax",
    "Füße, Größe und Äpfel: Die Straße ist naß.",
    "Où est l'été ? À l'œuvre, garçon naïf !",
    "¿Dónde está el niño? ¡Mañana!",
    "今天天气很好，我们去公园散步吧。",
    "吾輩は猫である。名前はまだ無い。カタカナも、ひらがなも。",
    "안녕하세요, 만나서 반갑습니다.",
    "السلام عليكم ورحمة الله، كيف حالك؟",
    "नमस्ते दुनिया, आप कैसे हैं?",
    "Привет, как дела? Всё хорошо.",
    "שלום עולם · Γειά σου Κόσμε · สวัสดีชาวโลก",
    "👍🏽 🇩🇪 👩‍👩‍👧‍👦 and 🤷🏻‍♀️ again",
    "cafe\u{301} or caf\u{E9}, \u{FB01}ne and \u{FF21}\u{FF22}\u{FF23}",
    "zero\u{200B}width, no\u{A0}break, soft\u{AD}hyphen",
    "for (int i = 0; i < 10; ++i) { a[i] *= 2; } // done",
    "def f(x):\n    return {k: v for k, v in x.items()}\n\n\n",
    "<div class=\"a\">&amp; https://example.org/a?b=c#d</div>",
    "  leading,   inner    and trailing   ",
    "\ttabs\t\tand\r\nlines\n\n  \n",
    " ",
    "0 1 12 123 1234 12345 1234567890 3.14159 1,000,000 -7 1e-5 2026-01-31",
    "x²+y³=z₁ ½ ⅓ ∑ ≤ ∞ €100 £5 №7",
    "<s> </s> <unk> <pad> [INST] <<SYS>> <0x0A>",
    "<|im_start|>user<|im_end|> <|endoftext|> <|user|> <|assistant|> <|eot_id|>",
    "before<image>after <image> <image>\n<img> <|image_pad|>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa !!!!!!!!!!!! ------------",
  ]
}
