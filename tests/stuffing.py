"""Twenty ways to write a paper that wants to be everybody's: each gives a new title and body of an old one."""

import random

from newsletter.ranking.text import ACRONYM


class Stuffing:
    """The ways, given a catalogue and another paper that many like."""

    def __init__(self, catalogue, popular):
        self.topics, self.popular = catalogue.topics, popular
        self.words = [word for topic in catalogue.topics for word in topic.words]
        self.tops = [topic for topic in catalogue.topics if not topic.parent]
        self.names = [topic.name for topic in catalogue.topics]
        self.shuffled = random.Random(7).sample(self.words, len(self.words))

    def ways(self):
        return {name: getattr(self, name) for name in sorted(vars(Stuffing)) if name[0] != "_" and name != "ways"}

    def all_words_appended(self, title, body):
        return title, f"{body} {' '.join(self.words)}"

    def all_words_in_the_title(self, title, body):
        return f"{title} {' '.join(self.words)}", body

    def all_words_fifty_times(self, title, body):
        return title, f"{body} {' '.join(self.words * 50)}"

    def all_words_in_front(self, title, body):
        return title, f"{' '.join(self.words)} {body}"

    def a_list_with_commas(self, title, body):
        return title, f"{body} Keywords: {', '.join(self.words)}."

    def all_words_shuffled(self, title, body):
        return title, f"{body} {' '.join(self.shuffled)}"

    def upper_case(self, title, body):
        return title, f"{body} {' '.join(self.words).upper()}"

    def in_parentheses(self, title, body):
        return title, f"{body} {' '.join(f'({word})' for word in self.words)}"

    def names_of_topics(self, title, body):
        return title, f"{body} We contribute to {', '.join(self.names)}."

    def names_of_topics_in_the_title(self, title, body):
        return f"{title}: {', '.join(self.names)}", body

    def every_acronym(self, title, body):
        return title, f"{body} {' '.join(word for word in self.words if ACRONYM.match(word))}"

    def categories_as_words(self, title, body):
        return title, f"{body} {' '.join(name for topic in self.topics for name in topic.categories)}"

    def words_of_five_fields(self, title, body):
        return title, f"{body} {' '.join(word for topic in self.tops[:5] for word in topic.words)}"

    def one_word_of_each_topic(self, title, body):
        return title, f"{body} {' '.join(topic.words[0] for topic in self.topics)}"

    def one_word_of_each_field_in_the_title(self, title, body):
        return f"{title} {' '.join(topic.words[0] for topic in self.tops)}", body

    def comments_of_html(self, title, body):
        return title, f"{body} <!-- {' '.join(self.words)} --><span hidden>{' '.join(self.names)}</span>"

    def joiners_of_no_width(self, title, body):
        return title, f"{body} " + " ".join("\u200d".join(word) for word in self.words) + " ".join(self.words)

    def the_most_liked_abstract_appended(self, title, body):
        return title, f"{body} {self.popular[0]}. {self.popular[1]}"

    def words_in_other_languages(self, title, body):
        spam = "深度学习 神经网络 大语言模型 apprentissage profond réseau neuronal التعلم العميق обучение"
        return title, f"{body} {spam * 20}"

    def one_fields_words_hidden(self, title, body):
        return title, f"{body} {' '.join(self.tops[0].words)}"
