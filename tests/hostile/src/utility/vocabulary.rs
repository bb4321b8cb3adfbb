//! Words of ordinary shops, among them those that look like something else: `cold brew`, `cast iron`, `labrador`.

/// A part of a shop: what its goods are, and how they are described.
pub(super) struct Department {
    pub(super) path: &'static str,
    pub(super) nouns: &'static [&'static str],
    pub(super) adjectives: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) static DEPARTMENTS: &[Department] = &[
    Department {
        path: "women/shoes",
        nouns: &["mary jane flats", "ankle boots", "ballet flats", "wedge sandals", "knee high boots", "trail running shoes", "slippers", "rain boots",
            "platform sneakers", "dr martens 1460 boots", "loafers", "clogs", "espadrilles", "hiking boots", "pumps", "slingback heels"],
        adjectives: &["wide fit", "arch support", "suede", "patent leather", "vegan", "waterproof", "cushioned", "memory foam", "slip on", "lightweight",
            "crystal", "blush", "nude", "bone white", "cherry red", "acid green"],
    },
    Department {
        path: "men/clothing",
        nouns: &["crew neck t-shirt", "oxford shirt", "acid wash jeans", "chino shorts", "fleece hoodie", "puffer jacket", "swim trunks", "boxer briefs", "wool overcoat",
            "polo shirt", "cargo pants", "compression socks for running", "single breasted suit", "tank top", "flannel pajamas", "belt", "necktie", "beanie"],
        adjectives: &["slim fit", "relaxed", "heavyweight", "stretch", "organic cotton", "merino", "moisture wicking", "insulated", "graphic", "striped",
            "plus size", "big and tall", "breathable", "thermal", "quick dry", "stone washed", "athletic", "ribbed"],
    },
    Department {
        path: "kitchen",
        nouns: &["cold brew coffee maker", "cast iron skillet", "chef knife", "stand mixer", "air fryer", "bread pan", "spice rack", "cutting board", "blender",
            "espresso machine", "tea kettle", "mixing bowls", "pressure cooker", "wine glasses", "food storage containers", "rolling pin", "salad spinner",
            "measuring cups", "dutch oven", "ice cube tray", "cookie sheet", "can opener", "lunch box", "water bottle", "meat thermometer"],
        adjectives: &["stainless steel", "nonstick", "ceramic", "glass", "bamboo", "silicone", "professional", "compact", "12 cup", "5 quart", "dishwasher safe",
            "electric", "double wall", "copper", "red", "matte black", "vintage", "depression glass style"],
    },
    Department {
        path: "grocery",
        nouns: &["blood orange soda", "olive oil", "dark chocolate", "granola bars", "pain au chocolat", "sourdough bread", "protein bars", "frozen pizza", "sea salt",
            "almond butter", "green tea", "cold brew coffee", "chicken breast", "bone broth", "oat milk", "honey", "energy drink", "hot sauce", "rice crackers",
            "snack mix", "maple syrup", "kombucha", "beef jerky", "baby carrots", "pasta sauce", "breakfast cereal", "sparkling water", "gummy bears"],
        adjectives: &["organic", "gluten free", "low sodium", "sugar free", "family size", "unsalted", "raw", "fair trade", "spicy", "12 pack", "whole grain",
            "keto friendly", "vegan", "non gmo", "smoked", "roasted", "dairy free", "fresh"],
    },
    Department {
        path: "electronics",
        nouns: &["usb c cable", "wireless earbuds", "4k monitor", "gaming mouse", "rx 580 graphics card", "rx100 camera", "smart watch band", "phone case", "tablet stand",
            "bluetooth speaker", "mechanical keyboard", "power bank", "hdmi splitter", "5 way switch", "patch cable", "web camera", "laptop sleeve", "memory card",
            "router", "surge protector", "led strip lights", "projector", "android tv box", "charging dock", "screen protector", "noise cancelling headphones"],
        adjectives: &["clear", "fast charging", "portable", "10 ft", "braided", "rgb", "refurbished", "dual band", "shockproof", "ultra slim", "rechargeable",
            "1080p", "universal", "magnetic", "foldable", "retro", "pro", "mini"],
    },
    Department {
        path: "beauty",
        nouns: &["vitamin c serum", "eye shadow palette", "lip gloss", "nail polish", "face wash", "sheet mask", "shampoo", "conditioner", "hair dryer", "perfume",
            "mascara", "makeup brush set", "body lotion", "sunscreen spf 50", "bath bombs", "beard oil", "hair dye", "foundation", "setting spray", "bronzer",
            "cuticle oil", "lip balm", "curling iron", "hand cream", "dry shampoo", "micellar water"],
        adjectives: &["hydrating", "matte", "shimmer", "travel size", "fragrance free", "cruelty free", "long wear", "volumizing", "gentle", "brightening",
            "rose", "coconut", "lavender", "charcoal", "everyday", "radiant", "nourishing", "smoothing"],
    },
    Department {
        path: "home",
        nouns: &["chest of drawers", "area rug", "throw pillow", "table lamp", "blackout curtains", "bookcase", "coffee table", "picture frame", "wall clock",
            "bed frame", "mattress topper", "shower curtain", "laundry basket", "floor mirror", "bar stool", "duvet cover", "scented candle", "vase", "desk chair",
            "standing desk", "storage bins", "towel set", "door mat", "ottoman", "sofa bed", "weighted blanket", "air purifier", "shelf brackets"],
        adjectives: &["mid century", "rustic", "queen size", "king size", "velvet", "linen", "walnut", "marble", "boho", "farmhouse", "adjustable", "solid wood",
            "washable", "modern", "floral", "gray", "navy", "set of 2"],
    },
    Department {
        path: "garden",
        nouns: &["garden hose", "raised bed", "tomato cage", "bleeding heart plant", "pruning shears", "bird feeder", "lawn mower", "fire pit", "patio umbrella",
            "compost bin", "string lights", "potting soil", "weed trimmer", "hedge trimmer", "watering can", "rain barrel", "wheelbarrow", "flower seeds",
            "leaf blower", "plant stand", "outdoor heater", "hammock", "mulch", "greenhouse"],
        adjectives: &["cordless", "50 ft", "heavy duty", "solar", "galvanized", "terracotta", "self watering", "ergonomic", "cedar", "expandable", "gas powered",
            "wrought iron", "perennial", "heirloom", "outdoor", "steel", "large", "hanging"],
    },
    Department {
        path: "toys",
        nouns: &["building blocks", "board game", "puzzle 1000 pieces", "doll house", "remote control car", "plush bear", "doctor playset", "slime kit", "trading cards",
            "water balloons", "kite", "art set", "train set", "action figure", "science kit", "ride on tractor", "yo yo", "bubble machine", "marble run",
            "surgeon game", "stuffed shark", "toy kitchen", "magic set", "attack on titan poster"],
        adjectives: &["wooden", "educational", "glow in the dark", "jumbo", "collectible", "ages 3 and up", "interactive", "classic", "magnetic", "personalized",
            "mini", "limited edition", "rainbow", "inflatable", "electronic", "talking", "soft", "deluxe"],
    },
    Department {
        path: "sports",
        nouns: &["yoga mat", "resistance bands", "dumbbell set", "tennis racket", "stroke trainer paddle", "cycling helmet", "golf balls", "fishing rod", "camping tent",
            "sleeping bag", "foam roller", "jump rope", "soccer cleats", "swim goggles", "kayak paddle", "basketball hoop", "trekking poles", "hockey stick",
            "knee pads for skating", "headlamp", "running belt", "ski gloves", "balance board", "punching bag", "bike pump"],
        adjectives: &["adjustable", "youth", "carbon fiber", "lightweight", "2 person", "non slip", "inflatable", "pro series", "beginner", "reflective",
            "foldable", "neoprene", "mens", "womens", "high visibility", "all weather", "compact", "extra thick"],
    },
    Department {
        path: "pets",
        nouns: &["labrador dog bed", "cat tree", "dog leash", "fish tank filter", "bird cage", "puppy pads", "cat litter", "dog treats", "chew toy", "aquarium gravel",
            "hamster wheel", "horse blanket", "reptile lamp", "pet carrier", "dog sweater", "scratching post", "food bowl", "retriever calendar", "beta fish tank"],
        adjectives: &["orthopedic style", "grain free", "retractable", "large breed", "self cleaning", "chicken flavor", "durable", "elevated", "clumping", "plush",
            "reflective", "washable", "puppy", "senior dog", "travel", "no pull", "indoor", "squeaky"],
    },
    Department {
        path: "books",
        nouns: &["cookbook", "crime novel", "planner 2027", "coloring book", "travel guide", "poetry collection", "history of rome", "fantasy box set", "notebook",
            "stroke width calligraphy guide", "git commit reference card", "graphic novel", "bird field guide", "gardening handbook", "biography", "atlas",
            "sketchbook", "picture book", "crossword puzzles", "chess openings", "sheet music", "photo album", "children of the forest"],
        adjectives: &["hardcover", "paperback", "signed", "illustrated", "large print", "spiral bound", "second edition", "leather bound", "bestselling", "used",
            "pocket", "annotated", "complete", "beginner", "classic", "new", "award winning", "collectors"],
    },
    Department {
        path: "auto",
        nouns: &["h11 headlight bulb", "wiper blades", "car seat cover", "floor mats", "oil filter", "brake pads", "jump starter", "tire inflator", "roof rack",
            "dash cam", "trailer hitch", "spark plugs", "steering wheel cover", "car wax", "phone mount", "battery charger", "air freshener", "tow strap",
            "cabin filter", "seat belt extender", "license plate frame", "cargo liner", "motor oil 5w 30"],
        adjectives: &["all weather", "heavy duty", "universal", "front", "rear", "led", "ceramic", "12 volt", "leather", "oem", "heated", "portable", "synthetic",
            "custom fit", "chrome", "black", "pair of", "waterproof"],
    },
    Department {
        path: "jewelry",
        nouns: &["cancer zodiac necklace", "birthstone ring", "tennis bracelet", "hoop earrings", "charm bracelet", "locket", "signet ring", "anklet", "pearl studs",
            "watch", "cuff links", "nose ring", "engagement ring", "brooch", "heart pendant", "name necklace", "ear cuff", "leo constellation pendant"],
        adjectives: &["sterling silver", "14k gold", "rose gold", "cubic zirconia", "amber", "opal", "emerald", "dainty", "engraved", "vintage", "handmade",
            "stackable", "birth flower", "moonstone", "minimalist", "gold plated", "sapphire", "jade"],
    },
    Department {
        path: "office",
        nouns: &["gel pens", "stapler", "printer ink", "sticky notes", "file cabinet", "desk organizer", "whiteboard", "label maker", "paper clips", "c13 power cord",
            "e27 lamp socket", "laminator", "envelopes", "monitor arm", "binder", "shredder", "calculator", "index cards", "tape dispenser", "mouse pad"],
        adjectives: &["fine point", "black ink", "assorted colors", "letter size", "recycled", "heavy duty", "ergonomic", "wall mounted", "12 count", "wireless",
            "magnetic", "self adhesive", "lockable", "rolling", "bulk", "10 ct", "clear", "mesh"],
    },
];

/// Goods of the front of a drugstore that say nothing of health.
#[rustfmt::skip]
pub(super) static FRONT_STORE: Department = Department {
    path: "store",
    nouns: &["shampoo", "conditioner", "aa batteries", "greeting card", "potato chips", "chocolate bar", "nail polish", "mascara", "photo prints", "phone charger",
        "toothbrush", "body wash", "hair ties", "lip balm", "sparkling water", "wrapping paper", "paper towels", "laundry detergent", "dish soap", "trash bags",
        "birthday candles", "gummy bears", "hand soap", "sunglasses", "umbrella", "notebook", "ballpoint pens", "reading light", "magazine", "gift card holder",
        "cotton rounds", "hair spray", "makeup remover wipes", "perfume", "razor blades", "shaving cream", "tissues", "light bulbs", "picture frame", "toy car",
        "beach towel", "playing cards", "coffee", "ice cream", "peanut butter", "cat food", "dog treats", "storage bags", "foil", "socks"],
    adjectives: &["family size", "travel size", "2 pack", "4 pack", "12 count", "strawberry", "vanilla", "mint", "classic", "fresh scent", "unscented", "extra soft",
        "shiny", "matte", "blue", "pink", "holiday", "summer", "value pack", "premium", "everyday", "lemon", "ocean breeze", "coconut", "large"],
};

/// What people search for in shops.
#[rustfmt::skip]
pub(super) static SEARCHES: &[&str] = &[
    "running shoes size 10", "stroke width", "cold brew", "mary jane flats", "labrador", "vitamin c serum", "gift for dad", "air fryer recipes book",
    "usb c to hdmi", "queen sheets", "dog bed large", "return policy", "store hours near me", "winter coat womens", "iphone 15 case", "birthday balloons",
    "black dress", "mens boots 11 wide", "led bulbs e27", "christmas lights", "planner", "baby shower gift wrap", "wedding guest dress", "patio furniture",
    "cast iron", "acid wash", "new balance 574", "android charger", "cancer zodiac", "bone china", "blood orange", "chest freezer", "mouse pad", "cold weather gloves",
    "back to school", "knee high socks", "face paint", "head scarf", "shoulder bag", "eye liner", "heart shaped box", "hot wheels", "clear backpack",
    "camping stove", "bath mat", "angel wings", "skin tone crayons", "lead free glaze", "ph meter for aquarium", "pill shaped lamp", "tablet 10 inch",
    "monitor 27", "trigger nozzle", "spray paint", "crash bandicoot", "delivery slot", "gift card balance", "order status", "promo code", "plus size jeans",
];

/// Words of shops elsewhere.
#[rustfmt::skip]
pub(super) static ELSEWHERE: &[&str] = &[
    "chaussures de course femme", "robe d'été à fleurs", "pain de mie complet", "canapé d'angle gris", "lampe de bureau", "livraison gratuite", "sac à main cuir",
    "jouet en bois", "machine à café", "vélo électrique", "manteau d'hiver homme", "coffret cadeau", "tapis de bain", "crème hydratante visage", "poêle en fonte",
    "zapatos de mujer", "vestido de verano", "cafetera italiana", "mochila escolar", "sofá cama", "juguetes para niños", "camiseta blanca", "envío gratis",
    "bicicleta de montaña", "silla de oficina", "auriculares inalámbricos", "pantalón vaquero", "reloj de pared", "aceite de oliva", "chocolate con leche",
    "damen laufschuhe", "kinderwagen zubehör", "kaffeemaschine", "gartenschlauch", "herren winterjacke", "bettwäsche baumwolle", "spielzeug aus holz",
    "geschenkgutschein", "schreibtischlampe", "rucksack wasserdicht", "kühlschrank mit gefrierfach", "gift bag", "handtücher set", "esstisch eiche", "versand kostenlos",
];

/// People's names, some of which are names of diseases or drugs too.
#[rustfmt::skip]
pub(super) static LAST_NAMES: &[&str] = &[
    "Parkinson", "Graves", "Hodgkin", "Addison", "Down", "Bright", "Crohn", "Smith", "Garcia", "Nguyen", "Müller", "O'Brien", "Payne", "Bell", "Burns", "Still",
    "Huntington", "Marsh", "Cushing", "Turner", "Wilson", "Kaposi", "Tourette", "Asperger", "Paget", "Raynaud", "Alzheimer", "Lewy", "Baker", "Wolff", "Gilbert",
];
#[rustfmt::skip]
pub(super) static FIRST_NAMES: &[&str] = &[
    "Jane", "Allegra", "Robin", "Maria", "Wei", "Amber", "Ruby", "Dolores", "Grace", "Allie", "Angel", "Faith", "Ace", "Ada", "Rex", "Ali", "Sue", "Mary Jane", "Christian",
    "Xavier", "Viola", "Iris", "Chantal", "Yasmin", "Jasmine", "Harmony", "Joy", "Victor",
];
#[rustfmt::skip]
pub(super) static CITIES: &[&str] = &[
    "San Francisco", "Bath", "Reading", "Lyme", "Norwalk", "Hope", "St. Louis", "New York", "Paris", "Köln", "México", "Sault Ste. Marie", "Toledo",
    "Battle Creek", "Carmel", "Essex", "Hershey", "Plano", "Mobile", "Orange", "Buffalo", "Marburg", "Coxsackie", "Spokane", "Lima", "Cologne", "Nice", "Hull",
];
