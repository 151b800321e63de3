package intent

import "regexp"

// trade matches folded words that people use to a shop: of orders and goods, of money, and
// what they ask a shop whether it does. Whoever uses one gets a person at worst.
var trade = regexp.MustCompile(` (?:` +
	`pedid\w+|paquet\w+|envi[aoe]\w*|mand[aoe]\w*|entreg\w+|repart\w+|transportist\w+|mensajer\w+|seguimiento|llega\w*|recib\w+|recog\w+|devol\w+|devuel\w+|reembols\w+|cambi[aoe]\w*|cancel\w+|anul\w+|` +
	`compr\w+|vend\w+|pag[aou]\w*|cobr\w+|preci\w+|cuest\w+|cost\w+|vale|valen|gratis|ofert\w+|rebaj\w+|descuent\w+|cupon\w*|codig\w+|factur\w+|ticket|tique|recib\w+|bizum|transferencia|plazos|` +
	`tiend\w+|sucursal\w*|almacen\w*|producto\w*|articul\w+|catalog\w+|marca\w*|modelo\w*|stock|existencia\w*|disponib\w+|agotad\w+|talla\w*|garantia\w*|rot[oa]s?|defect\w+|repar\w+|arregl(?:ar|ais|an|os)|averi\w+|` +
	`cuenta|contrasena|clave|datos|tarjeta\w*|regalo|horario\w*|abr(?:is|en|e)|cerr(?:ais|ado|ada)|cierr(?:an|a)|queja\w*|reclam\w+|vosotros|vuestr[oa]s?|ustedes|` +
	`ten(?:eis|ga)\w*|tien(?:en|es)|hac(?:eis|en)|ofrec\w+|acept\w+|alquil\w+|instal\w+|mont(?:ais|an|ar)|trabaj(?:ais|an)|busc(?:ais|an)|repon\w+|sirv\w+|funcion\w+|incluy\w+|incluid\w+|compatib\w+|bateria\w*|` +
	`order\w*|parcel\w*|packag\w+|ship\w*|deliver\w*|courier\w*|tracking|arriv\w+|receiv\w+|pick ?up|collect\w*|return\w*|refund\w*|exchange it|swap|cancel\w*|` +
	`buy\w*|bought|sell\w*|sold|pa(?:y|id|yment|ying)\w*|charg\w+|pric\w+|fee|fees|cost\w*|free|offer\w*|sale|sales|discount\w*|coupon\w*|voucher\w*|code\w*|invoice\w*|receipt\w*|paypal|instal\w+|` +
	`shop\w*|store|stores|warehouse|product\w*|items?|catalogue|brand\w*|model\w*|stock|available|availability|sold out|size\w*|warranty|guarantee\w*|broken|faulty|defect\w*|repair\w*|` +
	`account|password|my data|gift\w*|opening|complain\w*|your (?:company|team|website|site|app|staff)|` +
	`do (?:you|u) (?:have|do|make|take|fix|accept|carry|stock|run|rent|work with|provide|support|open)|are you (?:open|hiring|closed)|have you got|compatible|included|battery|fit|fits|` +
	`(?:is|are|was|does|do|would|will|can|could|should) (?:this|these|it|they)|est[aeo]s? (?:producto|articulo)\w*|owner|owns|company|empresa|duen[oa]|manager|jefe|encargad[oa]` +
	`) `)
