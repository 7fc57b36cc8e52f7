using EDA.Engine.Data;
using EDA.Host.CommandLine;

namespace EDA.Host.Recipes;

/// <summary>A run that a user can ask for by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Bandit">The bandit it trains on.</param>
/// <param name="Description">What it is, in one line.</param>
public sealed record Recipe(string Name, string Bandit, string Description)
{
    /// <summary>Every recipe, in the order they are listed.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
        [.. Bandits.Names.Select(name => new Recipe("bandit-" + name, name, Describe(name)))];

    /// <summary>Looks a recipe up.</summary>
    /// <param name="name">The name; null where the user gave none.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="UserError">There is no such recipe.</exception>
    public static Recipe Find(string? name)
    {
        var names = All.Select(recipe => recipe.Name);
        if (name is null)
            throw new UserError($"recipe is missing; allowed is one of {string.Join(", ", names)}");
        return All.FirstOrDefault(recipe => recipe.Name == name) ?? throw UserError.Choice("recipe", name, names);
    }

    private static string Describe(string bandit) => bandit switch
    {
        "8gaussians" => "eight Gaussians on a circle, Q rising from one to the next",
        "swissroll" => "a spiral band, Q the squared radius",
        "rings" => "four noisy circles with three levels of Q",
        "moons" => "two interleaved half circles, Q 0 and 1",
        "checkerboard" => "squares of a checkerboard, Q 0 and 1 by column",
        "2spirals" => "two spiral arms, Q falling outwards",
        _ => "a 2-D bandit",
    };
}
