using EDA.Engine.Data;

namespace EDA.Host.Recipes;

/// <summary>A run on a 2-D bandit.</summary>
/// <param name="Name">The name.</param>
/// <param name="Bandit">The bandit it trains on.</param>
/// <param name="Description">What it is, in one line.</param>
public sealed record BanditRecipe(string Name, string Bandit, string Description) : Recipe(Name, Description)
{
    /// <summary>One for each bandit.</summary>
    public static IEnumerable<BanditRecipe> Each => Bandits.Names.Select(name => new BanditRecipe("bandit-" + name, name, Describe(name)));

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
