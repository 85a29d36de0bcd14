// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension CatalogRule {
    /// Functions that read as somebody else than the one who calls them. Each was looked at: what it shows depends on the
    /// settings of the transaction, or on a value that only its owner knows.
    static let definerFunctions = [
        "app.answer_challenge(uuid,bytea)",
        "app.businesses_of_current_user()",
        "app.claim_federated_identity(text,text,text)",
        "app.claim_login_identity(text,text)",
        "app.claim_verified_identity(text,text)",
        "app.confirm_login_identity(text,text)",
        "app.federated_identities_of_current_user()",
        "app.find_api_key(bytea)",
        "app.find_challenge(uuid)",
        "app.find_federated_identity(text,text)",
        "app.find_invitation(uuid,uuid,bytea)",
        "app.find_login_identity(text,text)",
        "app.has_login_identity()",
        "app.has_proved(text,text)",
        "app.has_way_in()",
        "app.members_of_current_tenant()",
        "app.memberships_of_current_user()",
        "app.open_challenge(uuid,text,text,text,uuid,bytea,bytea,timestamp with time zone)",
        "app.register_api_key(bytea,uuid)",
        "app.release_federated_identities(text)",
        "app.release_login_identities(text,text)",
        "app.search_customers(text[],text[],text,text,uuid,bigint)",
        "app.standings_of_current_user()",
        "app.void_challenges(text,text)",
    ]

    /// The list as SQL.
    private static let listed = "ARRAY[\(definerFunctions.map { "'\($0)'" }.joined(separator: ", "))]"

    static let functionRules = [
        CatalogRule(
            "definer_functions",
            "SECURITY DEFINER functions are the listed ones, owned by unnati_directory or unnati_search, with SET search_path = ''.",
            """
            SELECT p.oid::regprocedure::text,
                   CASE WHEN p.oid::regprocedure::text <> ALL (\(listed))
                        THEN 'reads as its owner and is not on the list'
                        WHEN p.proowner NOT IN (SELECT oid FROM definers) THEN 'is owned by ' || pg_get_userbyid(p.proowner)
                        ELSE 'has a search_path that can be changed' END
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
              AND (p.oid::regprocedure::text <> ALL (\(listed))
                   OR p.proowner NOT IN (SELECT oid FROM definers)
                   OR NOT coalesce(p.proconfig @> ARRAY['search_path=""'], false))
            UNION ALL
            SELECT name, 'is on the list and not there' FROM unnest(\(listed)) AS name WHERE to_regprocedure(name) IS NULL
            """),
        CatalogRule(
            "leakproof",
            "No function of ours is LEAKPROOF: such run on rows before row security has looked at them.",
            """
            SELECT p.oid::regprocedure::text, 'is said to be leakproof' FROM pg_proc p
            WHERE p.pronamespace = to_regnamespace('app') AND p.proleakproof
            """),
    ]
}
