# SPDX-License-Identifier: Apache-2.0
"""Customers of an Indian shop as its keeper writes them down: most in Latin letters, some in Devanagari, spelled one way or the other."""
import random

GIVEN = """
    Aarav आरव, Abhishek अभिषेक, Aditi अदिति, Aditya आदित्य, Ajay अजय, Akash आकाश, Alka अलका, Amit अमित, Amrita अमृता, Anand आनंद, Anil अनिल, Anita अनीता, Anjali अंजलि,
    Ankit अंकित, Anusha अनुषा, Archana अर्चना, Arjun अर्जुन, Arun अरुण, Asha आशा, Ashok अशोक, Ashwini अश्विनी, Babita बबीता, Bharat भरत, Bharti भारती, Bhavesh भावेश,
    Bhavna भावना, Chandni चाँदनी, Chetan चेतन, Chitra चित्रा, Deepa दीपा, Deepak दीपक, Devendra देवेंद्र, Dinesh दिनेश, Divya दिव्या, Farhan फ़रहान, Fatima फ़ातिमा,
    Ganesh गणेश, Gaurav गौरव, Gauri गौरी, Geeta गीता, Girish गिरीश, Gopal गोपाल, Harish हरीश, Heena हीना, Hemant हेमंत, Imran इमरान, Indira इंदिरा, Ishaan ईशान,
    Jagdish जगदीश, Jaya जया, Jayesh जयेश, Jyoti ज्योति, Kailash कैलाश, Kamala कमला, Kamlesh कमलेश, Karan करण, Kavita कविता, Ketan केतन, Kiran किरण, Kishore किशोर,
    Komal कोमल, Krishna कृष्ण, Lakshmi लक्ष्मी, Lalita ललिता, Latha लता, Lokesh लोकेश, Madhav माधव, Mahesh महेश, Manish मनीष, Manju मंजू, Manoj मनोज, Meena मीना,
    Meera मीरा, Mohan मोहन, Mukesh मुकेश, Nandini नंदिनी, Narendra नरेंद्र, Naresh नरेश, Neha नेहा, Nikhil निखिल, Nilesh निलेश, Nirmala निर्मला, Nitin नितिन, Omprakash ओमप्रकाश,
    Padma पद्मा, Pankaj पंकज, Parvati पार्वती, Pooja पूजा, Prakash प्रकाश, Pramod प्रमोद, Pratibha प्रतिभा, Praveen प्रवीण, Preeti प्रीति, Priya प्रिया, Pushpa पुष्पा,
    Radha राधा, Rahul राहुल, Rajesh राजेश, Rajni रजनी, Rakesh राकेश, Ramesh रमेश, Rani रानी, Ravi रवि, Rekha रेखा, Renu रेणु, Rohit रोहित, Rukmini रुक्मिणी, Sachin सचिन,
    Sadhana साधना, Salim सलीम, Sandeep संदीप, Sangeeta संगीता, Sanjay संजय, Santosh संतोष, Sarita सरिता, Satish सतीश, Savita सविता, Seema सीमा, Shabana शबाना, Shankar शंकर,
    Shanti शांति, Sharda शारदा, Shilpa शिल्पा, Shobha शोभा, Shweta श्वेता, Siddharth सिद्धार्थ, Sita सीता, Sneha स्नेहा, Sudha सुधा, Sunil सुनील, Sunita सुनीता, Suresh सुरेश,
    Swati स्वाति, Tanvi तन्वी, Tarun तरुण, Uday उदय, Uma उमा, Usha उषा, Vandana वंदना, Varsha वर्षा, Vasant वसंत, Vijay विजय, Vikas विकास, Vimla विमला, Vinod विनोद, Vishal विशाल,
    Yash यश, Yogesh योगेश, Zakir ज़ाकिर, Zarina ज़रीना
"""
FAMILY = """
    Agarwal अग्रवाल, Ahmed अहमद, Ansari अंसारी, Bansal बंसल, Bhat भट, Bhatt भट्ट, Bhosale भोसले, Biswas विश्वास, Bose बोस, Chauhan चौहान, Chavan चव्हाण, Chopra चोपड़ा, Choudhary चौधरी,
    Das दास, Desai देसाई, Deshmukh देशमुख, Deshpande देशपांडे, Dubey दुबे, Fernandes फर्नांडिस, Gandhi गांधी, Garg गर्ग, Ghosh घोष, Goyal गोयल, Gupta गुप्ता, Iyer अय्यर, Jadhav जाधव,
    Jain जैन, Jha झा, Joshi जोशी, Kale काळे, Kamble कांबळे, Kapoor कपूर, Kaur कौर, Khan खान, Kulkarni कुलकर्णी, Kumar कुमार, Lal लाल, Mehta मेहता, Menon मेनन, Mishra मिश्रा, Mistry मिस्त्री,
    Modi मोदी, Mukherjee मुखर्जी, Nair नायर, Naik नाईक, Pandey पांडे, Pandya पंड्या, Parekh पारेख, Parmar परमार, Patel पटेल, Patil पाटील, Pawar पवार, Pillai पिल्लई, Prajapati प्रजापति, Prasad प्रसाद,
    Qureshi क़ुरैशी, Rajput राजपूत, Rana राणा, Rao राव, Rathod राठौड़, Rawat रावत, Reddy रेड्डी, Roy रॉय, Sahu साहू, Saxena सक्सेना, Sen सेन, Shah शाह, Shaikh शेख, Sharma शर्मा, Shetty शेट्टी,
    Shinde शिंदे, Shukla शुक्ला, Singh सिंह, Sinha सिन्हा, Solanki सोलंकी, Soni सोनी, Srivastava श्रीवास्तव, Thakur ठाकुर, Thomas थॉमस, Tiwari तिवारी, Trivedi त्रिवेदी, Varma वर्मा, Vyas व्यास, Yadav यादव
"""
CITIES = ["Surat", "Pune", "Indore", "Jaipur", "Nagpur", "Kanpur", "Patna", "Bhopal", "Kochi", "Mysuru", "Rajkot", "Nashik", "Ranchi", "Agra", "Varanasi", "सूरत", "पुणे", "इंदौर"]
TAGS = ["vip", "silk", "wholesale", "udhaar", "wedding", "diwali", "cotton", "tailor", "regular", "new"]
WORDS = ["likes", "blue", "saree", "pays", "late", "prefers", "evening", "delivery", "asks", "for", "discount", "kurta", "size", "festival", "order", "daughter", "school", "uniform", "पसंद", "लाल",
         "शादी", "उधार", "cash", "only", "upi", "comes", "with", "family", "on", "sunday"]
#: How one writes what another writes differently.
SPELLINGS = [("ee", "i"), ("sh", "s"), ("v", "w"), ("aa", "a"), ("oo", "u"), ("ksh", "x"), ("th", "t"), ("i", "ee")]


def _pairs(table):
    return [tuple(entry.split()) for entry in table.replace("\n", " ").split(",")]


class Names:
    """Names by chance, the same for the same seed. A few families are large, as in life."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.given, self.family = _pairs(GIVEN), _pairs(FAMILY)
        self.shares = [1 / (place + 3) for place in range(len(self.family))]
        order = random.Random(1)
        order.shuffle(self.family)

    def name(self):
        """Three of ten in Devanagari; of the others one in eight is spelled in another way, and some have a father's name."""
        chance = self.chance
        script = 1 if chance.random() < 0.3 else 0
        words = [chance.choice(self.given)[script], chance.choices(self.family, self.shares)[0][script]]
        if chance.random() < 0.2:
            words.insert(1, chance.choice(self.given)[script])
        if script == 0 and chance.random() < 0.12:
            words[0] = respelled(words[0], chance)
        return " ".join(words)


def respelled(word, chance):
    ways = [(one, other) for one, other in SPELLINGS if one in word]
    return word.replace(*chance.choice(ways), 1) if ways else word


def mistyped(word, chance):
    """A letter left out, doubled, or in its neighbour's place."""
    place = chance.randrange(1, len(word) - 1)
    return chance.choice([word[:place] + word[place + 1:], word[:place] + word[place] + word[place:], word[:place] + word[place + 1] + word[place] + word[place + 2:]])


def file(seed, first, count):
    """A customer file of `count` rows. Rows of one number have the same phone and address in every file, and those of others have not, up to four thousand million."""
    names = Names(seed)
    chance = names.chance
    lines = ["name,phone,email,city,tags,notes\n"]
    for number in range(first, first + count):
        tags = ";".join(chance.sample(TAGS, chance.choice([0, 1, 1, 2])))
        notes = " ".join(chance.choices(WORDS, k=chance.choice([0, 0, 4, 8])))
        # Numbers that follow each other have no digits in common but their first.
        phone = 6_000_000_000 + number * 2_654_435_761 % 4_000_000_000
        lines.append(f"{names.name()},{phone},c{number}@example.in,{chance.choice(CITIES)},{tags},{notes}\n")
    return "".join(lines).encode()
