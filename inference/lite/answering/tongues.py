"""Languages that this engine does not know, and how it says so in them."""

import re

# Language → "Sorry, I know only Chinese and English."
SORRY = {
    "ja": "申し訳ありません。中国語と英語にのみ対応しています。",
    "ko": "죄송합니다. 중국어와 영어만 지원합니다.",
    "ru": "Извините, я понимаю только китайский и английский.",
    "uk": "Вибачте, я розумію лише китайську та англійську.",
    "ar": "عذرًا، أفهم الصينية والإنجليزية فقط.",
    "th": "ขออภัย ฉันเข้าใจเฉพาะภาษาจีนและภาษาอังกฤษ",
    "hi": "क्षमा करें, मैं केवल चीनी और अंग्रेज़ी समझता हूँ।",
    "he": "מצטער, אני מבין רק סינית ואנגלית.",
    "el": "Λυπάμαι, καταλαβαίνω μόνο κινέζικα και αγγλικά.",
    "fr": "Désolé, je ne comprends que le chinois et l'anglais.",
    "de": "Leider verstehe ich nur Chinesisch und Englisch.",
    "es": "Lo siento, solo entiendo chino e inglés.",
    "pt": "Desculpe, só entendo chinês e inglês.",
    "it": "Mi dispiace, capisco solo cinese e inglese.",
    "nl": "Sorry, ik begrijp alleen Chinees en Engels.",
    "pl": "Przepraszam, rozumiem tylko chiński i angielski.",
    "tr": "Üzgünüm, yalnızca Çince ve İngilizce anlıyorum.",
    "vi": "Xin lỗi, tôi chỉ hiểu tiếng Trung và tiếng Anh.",
    "id": "Maaf, saya hanya mengerti bahasa Mandarin dan Inggris.",
}
BOTH = "I know only Chinese and English. 我只懂中文和英文，请用其中一种再问一次。"

SCRIPTS = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("vi", re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)),
)
COMMON = {
    "fr": "je vous le les des est une pas pour mon ma que où comment bonjour commande mais avec dans",
    "de": "ich der die das und ist nicht ein eine wie wo mein meine bitte für mit wann kann auf",
    "es": "el los las es una mi cómo dónde por para que con no hola pedido cuándo está puedo del",
    "pt": "o os as é uma meu minha como onde por para que com não olá pedido quando está posso do",
    "it": "il lo gli è una mio mia come dove per che con non ciao ordine quando posso del sono",
    "nl": "ik de het een is niet hoe waar mijn voor met wanneer kan mag van en bestelling",
    "pl": "jest nie jak gdzie mój moja proszę dla kiedy mogę się na zamówienie czy to do",
    "tr": "bir ve bu ne nasıl nerede benim için ile değil mi sipariş zaman merhaba var",
    "vi": "tôi không là của và làm thế nào đơn hàng",
    "id": "saya tidak yang dan di ini itu bagaimana apa pesanan kapan bisa dengan untuk",
}
COMMON_WORDS = {language: frozenset(words.split()) for language, words in COMMON.items()}
WORD = re.compile(r"[^\W\d_]{1,40}")
MAX_TEXT = 2_000  # characters that are looked at


def apology(text: str) -> str:
    """Says in the language of the text, where it is in the table, and in English and Chinese what
    this engine knows."""
    return "\n\n".join(filter(None, [SORRY.get(_language(text[:MAX_TEXT]), ""), BOTH]))


def _language(text: str) -> str:
    """A key of SORRY, or ""."""
    for language, script in SCRIPTS:
        if script.search(text):
            return language
    words = WORD.findall(text.lower())
    counts = {
        language: sum(word in common for word in words) for language, common in COMMON_WORDS.items()
    }
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else ""
