using EDA.Host.CommandLine;

namespace EDA.Host.Recipes;

/// <summary>A run that a user can ask for by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">What it is, in one line.</param>
public abstract record Recipe(string Name, string Description)
{
    /// <summary>Every recipe, in the order they are listed.</summary>
    public static IReadOnlyList<Recipe> All { get; } = [.. BanditRecipe.Each, .. OfflineRecipe.Each];

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
}
