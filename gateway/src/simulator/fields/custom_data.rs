//! What was bought or done, and the standard parameters of travel, vehicles, property and apps.
//!
//! Meta takes any other key as a custom property. So does the stand-in, and it says which they were, for the gateway lets none
//! leave that a policy does not name.

use serde_json::{Map, Value};

use super::{SEGMENTS, Shape, closed, may, must};
use crate::simulator::form::{AIRPORT, CURRENCY, DAY, Form, JSON_LIST, TEXT, TRIM};

use Form::{Bit, Digits, Number, Object, Objects, Scalars, Text, Texts, Whole, Words};

pub(super) static CUSTOM_DATA: Shape = Shape {
    members: &[
        may("value", Number),
        may("currency", Text(&CURRENCY)),
        may("net_revenue", Number),
        may("predicted_ltv", Number),
        may("content_ids", Texts(&TEXT)),
        may("contents", Objects(&CONTENT)),
        may("content_type", Words(&["product", "product_group"])),
        may("content_name", Text(&TEXT)),
        may("content_category", Text(&TEXT)),
        may("order_id", Text(&TEXT)),
        may("num_items", Whole),
        may("item_number", Text(&TEXT)),
        may("status", Text(&TEXT)),
        may("search_string", Text(&TEXT)),
        may("delivery_category", Words(DELIVERY_CATEGORIES)),
        may("lead_event_source", Text(&TEXT)),
        may("event_source", Words(&["crm"])),
        may("product_catalog_id", Text(&TEXT)),
        may("user_bucket", Text(&TEXT)),
        may("ad_type", Text(&TEXT)),
        may("customer_segmentation", Words(SEGMENTS)),
        may("store_data", Object(&STORE_DATA)),
        // Travel.
        may("checkin_date", Text(&DAY)),
        may("checkout_date", Text(&DAY)),
        may("city", Text(&TEXT)),
        may("country", Text(&TEXT)),
        may("departing_arrival_date", Text(&DAY)),
        may("departing_departure_date", Text(&DAY)),
        may("destination_airport", Text(&AIRPORT)),
        may("destination_ids", Scalars),
        may("dma_code", Text(&TEXT)),
        may("hotel_score", Number),
        may("num_adults", Whole),
        may("num_children", Whole),
        may("num_infants", Whole),
        may("origin_airport", Text(&AIRPORT)),
        may("preferred_num_stops", Whole),
        may("preferred_star_ratings", Scalars),
        may("price", Text(&TEXT)),
        may("region", Text(&TEXT)),
        may("returning_arrival_date", Text(&DAY)),
        may("returning_departure_date", Text(&DAY)),
        may("suggested_destinations", Scalars),
        may("suggested_hotels", Scalars),
        may("travel_class", Words(&["economy", "premium", "business", "first"])),
        may("travel_end", Text(&DAY)),
        may("travel_start", Text(&DAY)),
        // Vehicles.
        may("body_style", Text(&TEXT)),
        may("condition_of_vehicle", Text(&TEXT)),
        may("drivetrain", Text(&TEXT)),
        may("exterior_color", Text(&TEXT)),
        may("fuel_type", Text(&TEXT)),
        may("interior_color", Text(&TEXT)),
        may("lease_end_date", Text(&DAY)),
        may("lease_start_date", Text(&DAY)),
        may("make", Text(&TEXT)),
        may("mileage", Object(&MILEAGE)),
        // Meta's list writes them with a dot and does not say whether that is a path.
        may("mileage.unit", Text(&TEXT)),
        may("mileage.value", Number),
        may("model", Text(&TEXT)),
        may("state_of_vehicle", Text(&TEXT)),
        may("suggested_vehicles", Scalars),
        may("transmission", Text(&TEXT)),
        may("trim", Text(&TRIM)),
        may("vin", Text(&TEXT)),
        may("year", Digits(4, 4)),
        // Property.
        may("availability", Words(AVAILABILITIES)),
        may("listing_type", Text(&TEXT)),
        may("neighborhood", Text(&TEXT)),
        may("postal_code", Text(&TEXT)),
        may("preferred_baths_range", Scalars),
        may("preferred_beds_range", Scalars),
        may("preferred_neighborhoods", Scalars),
        may("preferred_price_range", Scalars),
        may("property_type", Text(&TEXT)),
        may("suggested_home_listings", Scalars),
        // Other trades.
        may("suggested_jobs", Scalars),
        may("suggested_local_service_businesses", Scalars),
        may("suggested_location_based_items", Scalars),
        // Apps.
        may("_valueToSum", Number),
        may("fb_content", Text(&JSON_LIST)),
        may("fb_content_id", Text(&TEXT)),
        may("fb_description", Text(&TEXT)),
        may("fb_level", Text(&TEXT)),
        may("fb_max_rating_value", Number),
        may("fb_payment_info_available", Bit),
        may("fb_registration_method", Text(&TEXT)),
        may("fb_success", Bit),
    ],
    open: true,
    nullable: false,
};

/// One of the goods.
static CONTENT: Shape = closed(&[
    must("id", Text(&TEXT)),
    may("quantity", Whole),
    may("item_price", Number),
    may("price", Number),
    may("title", Text(&TEXT)),
    may("description", Text(&TEXT)),
    may("brand", Text(&TEXT)),
    may("category", Text(&TEXT)),
    may("delivery_category", Words(DELIVERY_CATEGORIES)),
]);

static STORE_DATA: Shape =
    closed(&[may("store_page_id", Digits(1, 20)), may("brand_page_id", Digits(1, 20)), may("store_code", Text(&TEXT))]);

static MILEAGE: Shape = closed(&[may("unit", Text(&TEXT)), may("value", Number)]);

static DELIVERY_CATEGORIES: &[&str] = &["in_store", "curbside", "home_delivery"];

static AVAILABILITIES: &[&str] = &["available_soon", "for_rent", "for_sale", "off_market", "recently_sold", "sale_pending"];

/// The keys of an event's `custom_data` that Meta does not document.
pub(in crate::simulator) fn custom_properties(event: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let held = event.get("custom_data").and_then(Value::as_object);
    held.into_iter().flat_map(Map::keys).map(String::as_str).filter(|key| !is_known(key))
}

/// Listed, or the name of a website with an app's prefix, whose form Meta does not say.
fn is_known(key: &str) -> bool {
    let listed = |key: &str| CUSTOM_DATA.members.iter().any(|member| member.key == key);
    listed(key) || key.strip_prefix("fb_").is_some_and(listed)
}
