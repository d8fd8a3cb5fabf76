"""WordPiece as BERT was trained with it (Devlin et al. 2019, uncased), from a vocab.txt. The reference for tests."""

import unicodedata


class WordPiece:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.tokens = [line.rstrip("\n") for line in file]
        self.ids = {token: index for index, token in enumerate(self.tokens)}

    def encode(self, text):
        ids = [self.ids["[CLS]"]]
        for word in words(text):
            ids += self.pieces(word)
        return ids + [self.ids["[SEP]"]]

    def pieces(self, word):
        """The longest known beginning, again and again; a word that does not come out even is unknown as a whole."""
        if len(word) > 100:
            return [self.ids["[UNK]"]]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.ids:
                    found.append(self.ids[piece])
                    start = end
                    break
            else:
                return [self.ids["[UNK]"]]
        return found


def words(text):
    """Lower case, without accents; punctuation marks and Chinese characters are words of their own."""
    text = unicodedata.normalize("NFD", text.lower())
    word = ""
    for character in text:
        category = unicodedata.category(character)
        if category == "Mn" or character in "\0\ufffd" or (category in ("Cc", "Cf") and character not in "\t\n\r"):
            continue
        if character.isspace():
            if word:
                yield word
            word = ""
        elif is_punctuation(character, category) or is_chinese(ord(character)):
            if word:
                yield word
            yield character
            word = ""
        else:
            word += character
    if word:
        yield word


def is_punctuation(character, category):
    # ASCII's symbols count, though Unicode does not call all of them punctuation.
    return category.startswith("P") or (33 <= ord(character) <= 126 and not character.isalnum())


def is_chinese(code):
    ranges = (
        (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
        (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
    )
    return any(first <= code <= last for first, last in ranges)
