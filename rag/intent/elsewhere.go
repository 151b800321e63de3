package intent

import "regexp"

// elsewhere matches folded words that tell what a text is about when that is nothing of a
// shop: the weather, a match, a poem. The classifier alone would take every unknown word
// for such a thing.
var elsewhere = regexp.MustCompile(` (?:` +
	// Sports.
	`(?:la |el |del |al )?(?:mundial|eurocopa|champions|laliga|liga|balon de oro)|(?:el|del|un|los|que) partidos?(?: de| del)?(?: ayer| anoche| hoy)?|partido de (?:futbol|baloncesto|tenis)|goles (?:ha|marco|lleva)|las olimpiadas|juegos olimpicos|te gusta el futbol|quien (?:gano|ganara)|real madrid|fc barcelona|la seleccion|` +
	`world cup|super ?bowl|champions league|premier league|the (?:match|game|league) (?:last|yesterday|tonight)|(?:last|yesterday s|tonight s) (?:match|game)|(?:football|soccer|basketball|baseball) (?:match|game) (?:last|yesterday|tonight|today|this)|the (?:nba|nfl|olympics)|goals has|who won|you like football|` +
	// Weather and the world.
	`que tiempo (?:hace|hara|va)|(?:va a|esta) (?:llover|lloviendo|nevar|nevando)|llueve|llovera|nieva|pronostico (?:del tiempo)?|hace (?:sol|frio|calor)(?: hoy| manana| en)?|temperatura hace|weather|forecast|(?:going to|will it) (?:rain|snow|be sunny)|raining|umbrella tomorrow|` +
	`capital (?:de|of)|president[ea]?(?: de| of)|primer ministro|prime minister|elecciones|elections?|politic[oa]s?|politics|politician|(?:del|of the|about the) (?:gobierno|government)|votar\w*|vote for|noticias de hoy|ultimas noticias|(?:hay )?noticias hoy|in the news|top stories|` +
	`cuantos habitantes|population of|sistema solar|solar system|planetas?|planets?|(?:la|the) (?:luna|moon)|montana mas alta|(?:highest|tallest) mountain|rio mas largo|longest river|universo|universe|dinosauri?o?s|dinosaurs?|guerra mundial|world war|revolucion francesa|french revolution|napoleon|imperio romano|roman empire|` +
	`quien (?:pinto|escribio|invento|descubrio|compuso|fue el primer)|who (?:painted|wrote|invented|discovered|composed|was the first)|raiz cuadrada|square root|ecuacion\w*|equations?|(?:los|mis|de) deberes|homework|algebra|fotosintesis|photosynthesis|speed of light|velocidad de la luz|` +
	// What any machine is asked to make.
	`poemas?|poesias?|poems?|chistes?|jokes?|adivinanzas?|riddles?|trabalenguas|tongue twister|(?:un|una) (?:cuento|cancion|redaccion)|(?:canta|cantame)|sing me|love (?:song|letter)|carta de amor|(?:write|escribe|escribeme|redacta|redactame|hazme) (?:me )?(?:an?|una?|el|la|the) (?:essay|song|story|script|speech|ensayo|discurso|historia|trabajo|resumen)|bedtime story|` +
	`(?:traduce|traduceme|translate)|como se dice|how do (?:you|i) say|que significa la palabra|what does the word|(?:python|javascript|java|html)|codigo en|(?:piedra papel|ajedrez|chess)|rock paper|flip a coin|roll a dice|` +
	// Kitchen, health, hearts.
	`recetas? (?:de|para)|recipes?|como (?:se )?(?:cocin\w+|hace la tortilla|hago (?:una|la) paella)|how (?:do|to|long do) (?:i |you )?(?:cook|bake|boil)|(?:hago|hacer) (?:hoy )?de cenar|for dinner tonight|adelgazar|perder peso|lose weight|dolor de cabeza|me duele|headache|sintomas|symptoms|(?:la|una) gripe|the flu|dejar de fumar|stop smoking|` +
	`horoscopo\w*|horoscope|signo del zodiaco|zodiac|mi (?:novia|novio|ex) (?:me|ya)|my (?:girlfriend|boyfriend|ex) (?:left|broke|dumped)|ask (?:a girl|her|him) out|(?:ser|eres) mi novi[oa]|be my (?:girl|boy)friend|te casarias|marry me|sentido de la vida|meaning of life|crees en dios|believe in god|extraterrestres|aliens|` +
	// Screens, money, journeys.
	`(?:que|mejor|una|buena) (?:pelicula|serie)s?(?: para| de)?|(?:which|what|best|good) (?:movie|film|series|show|tv show)s?|quien canta|who sings|actor de|actor in|actress|letra de la cancion|lyrics|netflix|loteria|lottery|euromillones|bitcoins?|criptomonedas?|crypto\w*|la bolsa hoy|stock market|which stocks|exchange rate|tipo de cambio|` +
	`hoteles?|hotels?|vuelos? (?:a|para|barato)|flights?|book a table|restaurantes?|restaurants?|declaracion de la renta|tax return|renovar (?:el|mi) (?:dni|pasaporte)|renew my (?:passport|licen[cs]e)|carnet de conducir|historia de (?:la|el|los|las|espana|roma|francia|america)|(?:history|origin|meaning) of (?:the )?\w+|de la historia|(?:of all time|in history)|in the world|del mundo|facts about|world record|record mundial|museos?|museums?|celebrit\w+|movies|the movie|peliculas|songs|canciones|(?:un|el|la|una) (?:actor|actriz|cantante|novela)|(?:famous|favorite|favourite) \w+|college|universidad|university|mathematics|matematicas|religion\w*|the bible|la biblia|mitologia|mythology|hurricanes?|tornado\w*|terremotos?|earthquakes?|volcan\w*|volcano\w*|economy|economia|stocks? (?:is|are|to|price)|retirement|mortgage|hipoteca|driving licen[cs]e|que hora es en|what time is it in|the traffic|atasco` +
	`) `)
